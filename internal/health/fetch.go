package health

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"
)

// A reply is one answer, with the beginning of its body.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// fetch sends one request without following where it leads, and reads at most so
// many bytes of the answer. Without addresses the host is looked up. An error is
// always an [*Error].
func (p Prober) fetch(ctx context.Context, addrs []netip.Addr, request *http.Request, most int64) (*reply, error) {
	host, port := request.URL.Hostname(), uint16(httpsPort)
	if n, err := strconv.ParseUint(request.URL.Port(), 10, 16); err == nil {
		port = uint16(n)
	}
	if len(addrs) == 0 {
		if addr, err := netip.ParseAddr(host); err == nil {
			addrs = []netip.Addr{addr}
		} else if addrs, err = p.resolve(ctx, host); err != nil {
			return nil, &Error{Lookup, err}
		}
	}
	conn, addr, err := p.connect(ctx, addrs, port)
	if err != nil {
		return nil, &Error{Connect, err}
	}
	defer conn.Close()
	secure, err := p.handshake(ctx, conn, host)
	if err != nil {
		return nil, &Error{Handshake, aboutAddr(addr, "doesn't finish a TLS handshake", err)}
	}
	certificate := inspect(secure.ConnectionState().PeerCertificates, host, p.Roots, time.Now())
	if problem := certificate.Unusable(); problem != nil {
		return nil, &Error{Handshake, aboutAddr(addr, "has a wrong certificate", problem)}
	}
	r, err := roundTrip(ctx, secure, request, most)
	if err != nil {
		return nil, &Error{Request, aboutAddr(addr, "doesn't answer", err)}
	}
	return r, nil
}

// roundTrip sends the request over the connection, and ends that.
func roundTrip(ctx context.Context, conn *tls.Conn, request *http.Request, most int64) (*reply, error) {
	transport := &http.Transport{
		DialTLSContext:         func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaders,
	}
	request = request.WithContext(ctx)
	request.Header.Set("User-Agent", "registry-failover")
	response, err := transport.RoundTrip(request) // follows no redirect
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err != nil {
		return nil, err
	}
	return &reply{response.StatusCode, response.Header, body}, nil
}

// Unusable is why no client takes the certificate, whatever authorities it trusts;
// nil where there is no such reason.
func (c *Certificate) Unusable() error {
	for _, problem := range c.Problems {
		if !errors.Is(problem, ErrNotTrusted) {
			return problem
		}
	}
	return nil
}

// newGet is a GET of an https address.
func newGet(u *url.URL) *http.Request {
	return &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
}
