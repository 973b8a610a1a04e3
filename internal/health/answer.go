package health

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// maxHeaders is far above what a registry sends; the body isn't read at all.
const maxHeaders = 64 << 10

// An Answer is what a registry says to GET /v2/ without credentials.
type Answer struct {
	// Status is 200 or 401: both are how a registry answers that is well.
	Status int
	// Registry says that it is recognisably one: it tells the version of the API, as the
	// distribution's clients know it, or its challenge names an instance. Any other HTTPS
	// server may answer 200 or 401 too.
	Registry bool
	// Instance is who answered.
	Instance Identity
	// Service is how the instance is called where a token is asked for.
	Service string
	// Realm is where its clients get their tokens; nil where it wants none.
	Realm *url.URL
	// RealmErr is why clients can't get a token although it wants one.
	RealmErr error
	// Basic says that it takes a password itself, by RFC 7617.
	Basic bool
}

// ErrThrottled says that whoever answers bears no more questions from this address (RFC
// 6585 section 4). It stands in a [Result]'s Err.
var ErrThrottled = errors.New("it says 429 Too Many Requests")

// An Identity is the instance that has answered, by its own words. The zero value
// is a registry that names none, such as one that isn't ACR's Enterprise Edition.
type Identity struct {
	// ID is the instance's, cri-….
	ID     string
	Region string
}

// ask sends one request over the connection and reads the answer's headers.
func ask(ctx context.Context, conn *tls.Conn, host string) (*Answer, error) {
	transport := &http.Transport{
		DialTLSContext:         func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaders,
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, (&url.URL{Scheme: "https", Host: host, Path: "/v2/"}).String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "registry-failover")
	response, err := transport.RoundTrip(request) // follows no redirect
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() // what is left unread ends the connection
	named := slices.Contains(response.Header.Values("Docker-Distribution-Api-Version"), "registry/2.0")
	switch status := response.StatusCode; {
	case status == http.StatusOK:
		return &Answer{Status: status, Registry: named}, nil
	case status == http.StatusUnauthorized:
		a := readChallenges(response.Header.Values("WWW-Authenticate"))
		a.Registry = named || a.Instance != Identity{}
		return a, nil
	case status == http.StatusTooManyRequests:
		return nil, ErrThrottled
	case status >= 300 && status < 400:
		return nil, fmt.Errorf("it redirects to %q, which isn't followed", clip(response.Header.Get("Location")))
	default:
		return nil, fmt.Errorf("it says %d %s", status, http.StatusText(status))
	}
}

// readChallenges reads what a 401 asks for. A registry that wants a password
// instead of a token has no realm, and that is fine.
func readChallenges(values []string) *Answer {
	a := &Answer{Status: http.StatusUnauthorized}
	challenges := parseChallenges(values)
	for _, c := range challenges {
		if c.scheme == "bearer" {
			a.Service = c.params["service"]
			a.Instance = identify(a.Service)
			a.Realm, a.RealmErr = parseRealm(c.params["realm"])
			return a
		}
		a.Basic = a.Basic || c.scheme == "basic"
	}
	if len(challenges) == 0 {
		a.RealmErr = fmt.Errorf("it answers 401, and its challenge can't be read: %q", clip(strings.Join(values, ", ")))
	}
	return a
}

// parseRealm takes an address only that a client would send a password to.
func parseRealm(text string) (*url.URL, error) {
	if text == "" {
		return nil, errors.New("its challenge names no token realm")
	}
	realm, err := url.Parse(text)
	if err != nil || realm.Scheme != "https" || !isHost(realm.Hostname()) || !isPort(realm.Port()) {
		return nil, fmt.Errorf("the token realm %q is no https address", clip(text))
	}
	return realm, nil
}

// identify reads the service of a challenge, such as
// registry.aliyuncs.com:cn-hangzhou:china:cri-aaaaa, with or without more after
// it. ACR's Personal Edition has a number in place of the instance. What is no name
// names nobody.
func identify(service string) Identity {
	fields := strings.Split(service, ":")
	if len(fields) < 4 || fields[0] != "registry.aliyuncs.com" || !zone.IsDNSName(fields[1]) {
		return Identity{}
	}
	for _, field := range fields[2:] {
		if strings.HasPrefix(field, "cri-") && zone.IsDNSName(field) {
			return Identity{ID: field, Region: fields[1]}
		}
	}
	return Identity{}
}

func isHost(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil || zone.IsDNSName(strings.ToLower(name))
}

// isPort takes none for https's own.
func isPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil
}

// clip keeps foreign text short enough for a sentence.
func clip(text string) string {
	const most = 200
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
