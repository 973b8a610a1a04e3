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
	"unicode"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// maxToken is far above what a token service sends.
const maxToken = 1 << 20

// ErrRefused says that the credential doesn't do for this pull.
var ErrRefused = errors.New("refused")

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
	switch {
	case r.IsOpen():
	case r.answer.Realm != nil:
		token, err := r.token(ctx, c, image.Repository)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+token)
	case r.answer.Basic:
		request.SetBasicAuth(c.Login())
	default:
		return errors.New("it asks neither for a password nor for a token")
	}
	response, err := send(r.prober.Transport(r.target, https), request)
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

// token asks the token service for a pull of the repository
// (https://distribution.github.io/distribution/spec/auth/token/).
func (r *Registry) token(ctx context.Context, c pullsecrets.Credential, repository string) (string, error) {
	realm := *r.answer.Realm
	query := realm.Query()
	query.Set("scope", "repository:"+repository+":pull")
	if r.answer.Service != "" {
		query.Set("service", r.answer.Service)
	}
	realm.User, realm.RawQuery, realm.Fragment = nil, query.Encode(), ""
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, realm.String(), http.NoBody)
	if err != nil {
		return "", err
	}
	request.SetBasicAuth(c.Login())
	service := "its token service " + realm.Hostname()
	response, err := send(r.prober.Transport(targetOf(&realm)), request)
	if err != nil {
		return "", fmt.Errorf("%s doesn't answer: %w", service, err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return "", fmt.Errorf("%w: %s says %s", ErrRefused, service, status(response))
	default:
		return "", fmt.Errorf("%s says %s", service, status(response))
	}
	var answer struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if json.NewDecoder(io.LimitReader(response.Body, maxToken)).Decode(&answer) != nil { // its error may show what stands there
		return "", fmt.Errorf("%s gives no token that can be read", service)
	}
	switch token := cmp.Or(answer.Token, answer.AccessToken); {
	case token == "":
		return "", fmt.Errorf("%s gives no token", service)
	case strings.ContainsFunc(token, unicode.IsControl):
		return "", fmt.Errorf("%s gives a token that no header can carry", service)
	default:
		return token, nil
	}
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

// send follows no redirect: a credential goes to whom it is for. An error is of the
// network: those about an answer quote it, and who answers has the credential by then.
func send(transport *http.Transport, request *http.Request) (*http.Response, error) {
	request.Header.Set("User-Agent", "registry-failover")
	response, err := transport.RoundTrip(request)
	if err == nil {
		return response, nil
	}
	if _, ours := errors.AsType[*health.Error](err); ours {
		return nil, err
	}
	if network, ok := errors.AsType[net.Error](err); ok {
		return nil, network
	}
	for _, plain := range []error{context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, plain) {
			return nil, plain
		}
	}
	return nil, errNoHTTP
}

func status(r *http.Response) string {
	return strconv.Itoa(r.StatusCode) + " " + http.StatusText(r.StatusCode)
}
