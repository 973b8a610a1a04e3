package registrylogin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// maxToken is far above what a token service sends.
const maxToken = 1 << 20

// ErrRefused says that the credential doesn't do for this pull.
var ErrRefused = errors.New("refused")

// ErrNoLogin is an [ErrRefused] of a token service that doesn't know the credential at
// all: it does for no other pull either.
var ErrNoLogin = fmt.Errorf("%w", ErrRefused)

// manifests are the types that a container runtime takes
// (https://github.com/opencontainers/distribution-spec, and Docker's own).
var manifests = []string{
	"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json", "*/*",
}

// An Image is what a credential is tried for.
type Image struct {
	// Repository is such as demo/web.
	Repository string
	// Reference is a tag or a digest.
	Reference string
}

// Try returns nil where the instance takes the credential for a pull of the image,
// also when it hasn't the image, and an [ErrRefused] where it doesn't. All other
// errors tell why that isn't known.
func (r *Registry) Try(ctx context.Context, c pullsecrets.Credential, image Image) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, (&url.URL{
		Scheme: "https", Host: r.target.Host, Path: "/v2/" + image.Repository + "/manifests/" + image.Reference,
	}).String(), http.NoBody)
	if err != nil {
		return err
	}
	request.Header["Accept"] = manifests
	authorization, _, err := r.Authorize(ctx, c, image.Repository)
	if err != nil {
		return err
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response, err := Send(r.Transport(), request)
	if err != nil {
		return fmt.Errorf("it doesn't answer: %w", err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK, http.StatusNotFound:
		return nil
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w: it says %s to a pull of %s", ErrRefused, status(response), image.Repository)
	}
	return fmt.Errorf("it says %s to a pull of %s", status(response), image.Repository)
}

// token asks the token service for a pull of the repository, without a credential
// for one that it gives to everybody
// (https://distribution.github.io/distribution/spec/auth/token/). An [ErrRefused] is the
// token service's own.
func (r *Registry) token(ctx context.Context, c pullsecrets.Credential, repository string) (token string, life time.Duration, err error) {
	realm := *r.answer.Realm
	query := realm.Query()
	query.Set("scope", "repository:"+repository+":pull")
	if r.answer.Service != "" {
		query.Set("service", r.answer.Service)
	}
	realm.User, realm.RawQuery, realm.Fragment = nil, query.Encode(), ""
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, realm.String(), http.NoBody)
	if err != nil {
		return "", 0, err
	}
	if !c.None() {
		request.SetBasicAuth(c.Login())
	}
	service := "its token service " + realm.Hostname()
	response, err := Send(r.prober.Transport(targetOf(&realm)), request)
	if err != nil {
		return "", 0, fmt.Errorf("%s doesn't answer: %w", service, err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return "", 0, fmt.Errorf("%w: %s says %s", ErrNoLogin, service, status(response))
	case http.StatusForbidden:
		return "", 0, fmt.Errorf("%w: %s says %s", ErrRefused, service, status(response))
	default:
		return "", 0, fmt.Errorf("%s says %s", service, status(response))
	}
	var answer struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
		// ExpiresIn is in seconds.
		ExpiresIn float64 `json:"expires_in"`
	}
	if json.NewDecoder(io.LimitReader(response.Body, maxToken)).Decode(&answer) != nil { // its error may show what stands there
		return "", 0, fmt.Errorf("%s gives no token that can be read", service)
	}
	switch token := cmp.Or(answer.Token, answer.AccessToken); {
	case token == "":
		return "", 0, fmt.Errorf("%s gives no token", service)
	case strings.ContainsFunc(token, unicode.IsControl):
		return "", 0, fmt.Errorf("%s gives a token that no header can carry", service)
	default:
		return token, lifetime(answer.ExpiresIn), nil
	}
}

// lifetime is a token's, which is a minute where the token service tells none.
func lifetime(seconds float64) time.Duration {
	const most = 24 * time.Hour
	switch {
	case !(seconds > 0):
		return time.Minute
	case seconds > most.Seconds():
		return most
	}
	return time.Duration(seconds * float64(time.Second))
}

const https = 443

// targetOf is where a realm is, and at which port.
func targetOf(realm *url.URL) (health.Target, uint16) {
	t := health.Target{Host: realm.Hostname(), Name: realm.Hostname()}
	if addr, err := netip.ParseAddr(t.Name); err == nil {
		t.Addrs = []netip.Addr{addr}
	}
	port, err := strconv.ParseUint(realm.Port(), 10, 16)
	if err != nil { // it has none
		port = https
	}
	return t, uint16(port)
}

var errNoHTTP = errors.New("it sends no HTTP that can be read")

// Send follows no redirect: a credential goes to whom it is for. An error is of the
// network: those about an answer quote it, and who answers has the credential by then.
func Send(transport *http.Transport, request *http.Request) (*http.Response, error) {
	request.Header.Set("User-Agent", "registry-failover")
	response, err := transport.RoundTrip(request)
	if err == nil {
		return response, nil
	}
	if _, ours := errors.AsType[*health.Error](err); ours {
		return nil, err
	}
	if network, ok := errors.AsType[net.Error](err); ok {
		return nil, plain{network}
	}
	for _, plain := range []error{context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, plain) {
			return nil, plain
		}
	}
	return nil, errNoHTTP
}

// plain says an error of the network without the addresses and ports of the connection, so
// that it reads the same each time.
type plain struct{ error }

func (p plain) Error() string { return (&health.Error{Err: p.error}).Cause() }

func (p plain) Unwrap() error { return p.error }

func status(r *http.Response) string {
	return strconv.Itoa(r.StatusCode) + " " + http.StatusText(r.StatusCode)
}
