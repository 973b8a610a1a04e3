package alibaba

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// MetadataURL is where each ECS instance finds its own metadata.
const MetadataURL = "http://100.100.100.200"

// Metadata gets sessions of the RAM role of the ECS instance that the program
// runs on. It speaks the hardened mode only, which every instance offers.
type Metadata struct {
	url, role string
	transport http.RoundTripper
}

// NewMetadata returns a fetcher that asks the metadata service at the URL. An
// empty role is asked for there each time.
func NewMetadata(url, role string) *Metadata {
	transport := newTransport(nil)
	transport.Proxy = nil // the service answers the instance itself only
	transport.DisableKeepAlives = true
	return &Metadata{url: url, role: role, transport: transport}
}

const (
	headerToken    = "X-aliyun-ecs-metadata-token"
	headerTokenTTL = "X-aliyun-ecs-metadata-token-ttl-seconds"
	tokenTTL       = "60" // for the calls that follow at once
	rolePath       = "/latest/meta-data/ram/security-credentials/"
)

// Fetch gets a token of the metadata service, the role's name where none is
// configured, and a session.
//
// Source: https://www.alibabacloud.com/help/en/ecs/user-guide/obtain-a-temporary-authorization-token
func (m *Metadata) Fetch(ctx context.Context) (Session, error) {
	token, err := m.call(ctx, http.MethodPut, "/latest/api/token", headerTokenTTL, tokenTTL, "")
	if err != nil {
		return Session{}, err
	}
	role := m.role
	if role == "" {
		name, err := m.call(ctx, http.MethodGet, rolePath, headerToken, token, token)
		if err != nil {
			return Session{}, err
		}
		role = strings.TrimSpace(name)
	}
	body, err := m.call(ctx, http.MethodGet, rolePath+url.PathEscape(role), headerToken, token, token)
	if err != nil {
		return Session{}, err
	}
	var answer struct {
		Code string
		issued
	}
	if json.Unmarshal([]byte(body), &answer) != nil {
		return Session{}, &Error{Service: "metadata", Action: rolePath, Kind: Malformed, detail: "the answer isn't JSON"}
	}
	if answer.Code != "Success" {
		return Session{}, &Error{Service: "metadata", Action: rolePath, Kind: Refused, Code: clean(answer.Code, "", Session{}), detail: "the instance has no session of the role"}
	}
	return answer.session("metadata", rolePath)
}

func (m *Metadata) call(ctx context.Context, method, path, header, value, word string) (string, error) {
	request, err := newRequest(ctx, method, m.url+path, nil, header, value)
	if err != nil {
		return "", errors.New("the address of the metadata service is no URL")
	}
	body, err := exchange(m.transport, request, "metadata", path, word)
	if e, ok := errors.AsType[*Error](err); ok && path == rolePath && e.Code == "" && strings.HasPrefix(e.detail, "HTTP status 404") {
		e.Kind, e.detail = Refused, "the ECS instance has no RAM role: attach one, or choose another credentials.provider"
	}
	return string(body), err
}
