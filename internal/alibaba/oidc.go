package alibaba

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// OIDC exchanges the pod's token for a session of a RAM role: RRSA, RAM roles
// for service accounts.
type OIDC struct {
	roleARN, providerARN, tokenFile string
	address                         string
	transport                       http.RoundTripper
}

// What ack-pod-identity-webhook sets in a pod whose service account has a role.
const (
	envRoleARN      = "ALIBABA_CLOUD_ROLE_ARN"
	envProviderARN  = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"
	envTokenFile    = "ALIBABA_CLOUD_OIDC_TOKEN_FILE"
	sessionName     = "registry-failover"
	sessionDuration = time.Hour // the longest that every role allows
	// maxOIDCToken is what the API takes.
	maxOIDCToken = 20_000
)

// NewOIDC returns a fetcher that asks STS at the address, host or host:port.
// What is empty of the first three is taken from the environment; a sentence
// says what isn't there either. Roots nil are the system's.
func NewOIDC(roleARN, providerARN, tokenFile, address string, roots *x509.CertPool) (*OIDC, error) {
	transport := newTransport(roots)
	transport.DisableKeepAlives = true // a call every half hour
	o := &OIDC{roleARN: roleARN, providerARN: providerARN, tokenFile: tokenFile, address: address, transport: transport}
	for _, f := range []struct {
		value      *string
		field, env string
	}{
		{&o.roleARN, "roleARN", envRoleARN},
		{&o.providerARN, "oidcProviderARN", envProviderARN},
		{&o.tokenFile, "oidcTokenFile", envTokenFile},
	} {
		if *f.value == "" {
			*f.value = os.Getenv(f.env)
		}
		if *f.value == "" {
			return nil, fmt.Errorf("credentials.%s is empty and the pod has no %s: set it, or install ack-pod-identity-webhook and annotate the service account", f.field, f.env)
		}
	}
	return o, nil
}

// Fetch calls AssumeRoleWithOIDC, which isn't signed: the token is the proof.
//
// Source: https://help.aliyun.com/en/ram/developer-reference/api-sts-2015-04-01-assumerolewithoidc
func (o *OIDC) Fetch(ctx context.Context) (Session, error) {
	const action = "AssumeRoleWithOIDC"
	// kubelet replaces the token long before its end, so it is read each time.
	token, err := readSmall(o.tokenFile)
	if err != nil {
		return Session{}, fmt.Errorf("could not read the pod's OIDC token: %w", err)
	}
	token = strings.TrimSpace(token)
	if token == "" || len(token) > maxOIDCToken {
		return Session{}, fmt.Errorf("the pod's OIDC token in %s has %d characters: 1 to %d are taken", o.tokenFile, len(token), maxOIDCToken)
	}
	query := url.Values{
		"Action": {action}, "Version": {"2015-04-01"}, "Format": {"JSON"},
		"Timestamp": {time.Now().UTC().Format("2006-01-02T15:04:05Z")},
	}
	form := url.Values{
		"RoleArn": {o.roleARN}, "OIDCProviderArn": {o.providerARN}, "OIDCToken": {token},
		"RoleSessionName": {sessionName}, "DurationSeconds": {fmt.Sprint(int(sessionDuration.Seconds()))},
	}
	request, err := newRequest(ctx, http.MethodPost, "https://"+o.address+"/?"+query.Encode(), strings.NewReader(form.Encode()),
		"Content-Type", "application/x-www-form-urlencoded")
	if err != nil {
		return Session{}, errors.New("the address of STS is no host and port")
	}
	body, err := exchange(o.transport, request, "sts", action, token)
	if err != nil {
		return Session{}, err
	}
	var answer struct{ Credentials issued }
	if json.Unmarshal(body, &answer) != nil {
		return Session{}, &Error{Service: "sts", Action: action, Kind: Malformed, detail: "the answer isn't JSON"}
	}
	return answer.Credentials.session("sts", action)
}
