package pullsecrets

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	ErrUnreadable   = errors.New("its content is no JSON that kubelet can read, so that no pod that lists it can pull: make it anew with kubectl create secret docker-registry")
)

// Parse reads a Secret's credentials as kubelet does (k8s.io/kubernetes 1.37,
// pkg/credentialprovider), sorted by registry. An entry without a credential, and
// one that fits no image, are left out; one that can't be read spoils the Secret, as
// it does for kubelet. A Secret without content has no credentials.
func Parse(secretType string, data map[string][]byte) ([]Credential, error) {
	var text []byte
	var file struct {
		Auths map[string]entry `json:"auths"`
		// Kubelet doesn't use them, and refuses the Secret where they are no texts.
		HTTPHeaders map[string]string `json:"HttpHeaders"`
	}
	var target any = &file
	switch secretType {
	case TypeDockerConfigJSON:
		text = data[KeyDockerConfigJSON]
	case TypeDockerConfig:
		text, target = data[KeyDockerConfig], &file.Auths
	default:
		return nil, ErrNoPullSecret
	}
	if len(text) == 0 {
		return nil, nil
	}
	if len(text) > MaxBytes {
		return nil, ErrTooLong
	}
	if json.Unmarshal(text, target) != nil {
		return nil, ErrUnreadable
	}
	var credentials []Credential
	for _, key := range slices.Sorted(maps.Keys(file.Auths)) {
		e := file.Auths[key]
		registry, ok := normalize(key)
		if !ok || e.username == "" && e.password == "" { // kubelet pulls without a credential then
			continue
		}
		credentials = append(credentials, NewCredential(registry, e.username, e.password))
	}
	slices.SortStableFunc(credentials, func(a, b Credential) int { return strings.Compare(a.Registry, b.Registry) })
	return credentials, nil
}

// An entry is what a file has for one registry.
type entry struct{ username, password string }

// UnmarshalJSON reads an entry when it is met, so that one that can't be read
// spoils the file even where the same registry follows once more.
func (e *entry) UnmarshalJSON(text []byte) error {
	var fields struct {
		Username string `json:"username"`
		Password string `json:"password"`
		Email    string `json:"email"`
		Auth     string `json:"auth"`
	}
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	*e = entry{fields.Username, fields.Password}
	if fields.Auth == "" {
		return nil
	}
	var ok bool
	if e.username, e.password, ok = decodeAuth(fields.Auth); !ok {
		return ErrUnreadable
	}
	return nil
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
