package pullsecrets

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// The types of Secrets that kubelet takes pull credentials from, and the key of each
// (https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets).
const (
	TypeDockerConfigJSON = "kubernetes.io/dockerconfigjson"
	KeyDockerConfigJSON  = ".dockerconfigjson"
	TypeDockerConfig     = "kubernetes.io/dockercfg"
	KeyDockerConfig      = ".dockercfg"
)

// MaxBytes is the longest content that is read. An entry has some 200 bytes.
const MaxBytes = 256 << 10

// Errors of Parse. No error has anything of the Secret's content in it.
var (
	ErrNoPullSecret = errors.New("it is of no type that holds pull credentials: kubelet takes " + TypeDockerConfigJSON + " and " + TypeDockerConfig)
	ErrTooLong      = fmt.Errorf("its content is longer than %d KiB: split it", MaxBytes>>10)
	ErrUnreadable   = errors.New("its content is no JSON that kubelet can read: make it anew with kubectl create secret docker-registry")
)

type entry struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Auth     string `json:"auth"`
}

// Parse reads a Secret's credentials as kubelet does (k8s.io/kubernetes,
// pkg/credentialprovider), sorted by registry. An entry without a credential is
// left out; one that can't be read spoils the Secret, as it does for kubelet.
func Parse(secretType string, data map[string][]byte) ([]Credential, error) {
	var text []byte
	var entries map[string]*entry
	var target any = &entries
	switch secretType {
	case TypeDockerConfigJSON:
		text = data[KeyDockerConfigJSON]
		target = &struct{ Auths *map[string]*entry }{&entries}
	case TypeDockerConfig:
		text = data[KeyDockerConfig]
	default:
		return nil, ErrNoPullSecret
	}
	if len(text) > MaxBytes {
		return nil, ErrTooLong
	}
	if json.Unmarshal(text, target) != nil {
		return nil, ErrUnreadable
	}
	var credentials []Credential
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		e := entries[key]
		if e == nil {
			continue
		}
		username, password := e.Username, e.Password
		if e.Auth != "" {
			var ok bool
			if username, password, ok = decodeAuth(e.Auth); !ok {
				return nil, ErrUnreadable
			}
		}
		registry, ok := normalize(key)
		if !ok || username == "" && password == "" {
			continue // kubelet passes over such an entry, too
		}
		credentials = append(credentials, Credential{registry, username, password})
	}
	slices.SortStableFunc(credentials, func(a, b Credential) int { return strings.Compare(a.Registry, b.Registry) })
	return credentials, nil
}

// decodeAuth reads user:password in base64, with padding or without.
func decodeAuth(text string) (username, password string, ok bool) {
	encoding := base64.RawStdEncoding
	if strings.HasSuffix(strings.TrimSpace(text), "=") {
		encoding = base64.StdEncoding
	}
	decoded, err := encoding.DecodeString(text)
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(decoded), ":")
}

// normalize turns a key such as https://host/v1/ into host, and keeps other paths.
func normalize(key string) (registry string, ok bool) {
	if !strings.HasPrefix(key, "https://") && !strings.HasPrefix(key, "http://") {
		key = "https://" + key
	}
	parsed, err := url.Parse(key)
	if err != nil || parsed.Host == "" {
		return "", false
	}
	path := parsed.Path
	if strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/v2/") {
		path = path[len("/v1"):]
	}
	if path == "/" {
		path = ""
	}
	return parsed.Host + path, true
}
