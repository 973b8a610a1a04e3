package health

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// Transport gives one for requests to the target alone, at a port: whatever host a
// request names, it connects to the target's addresses, past any proxy, and, unlike
// Probe, to nobody without a certificate for the target's Host. What is secret may
// be sent through it. Each request has a connection of its own.
func (p Prober) Transport(t Target, port uint16) *http.Transport {
	return &http.Transport{
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := p.secure(ctx, t, port)
			if err != nil {
				return nil, err // not a nil *tls.Conn
			}
			return conn, nil
		},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaders,
	}
}

// secure connects to the target and verifies its certificate.
func (p Prober) secure(ctx context.Context, t Target, port uint16) (*tls.Conn, error) {
	addrs := t.Addrs
	if len(addrs) == 0 {
		var err error
		if addrs, err = p.resolve(ctx, t.Name); err != nil {
			return nil, &Error{Lookup, err}
		}
	}
	conn, addr, err := p.connect(ctx, addrs, port)
	if err != nil {
		return nil, &Error{Connect, err}
	}
	secure := tls.Client(conn, &tls.Config{ServerName: t.Host, RootCAs: p.Roots, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, &Error{Handshake, aboutAddr(addr, "doesn't finish a TLS handshake", err)}
	}
	return secure, nil
}
