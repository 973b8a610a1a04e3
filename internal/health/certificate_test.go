package health

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

const oneDay = 24 * time.Hour

func TestProblemsOfACertificate(t *testing.T) {
	root := issue(t, nil, oneDay, 100*oneDay)
	stranger := issue(t, nil, oneDay, 100*oneDay)
	between := issue(t, root, oneDay, 20*oneDay)
	ended := issue(t, root, 2*oneDay, -oneDay)
	good := issue(t, root, oneDay, 50*oneDay, shared)
	for sentence, test := range map[string]struct {
		own      *issuer
		problems []error
		text     string // of the first
		expires  time.Duration
	}{
		"none":                      {good, nil, "", 50 * oneDay},
		"none with a wildcard":      {issue(t, root, oneDay, 50*oneDay, "*.registry.io"), nil, "", 50 * oneDay},
		"the one above ends before": {issue(t, between, oneDay, 50*oneDay, shared), nil, "", 20 * oneDay},
		"it is for another name":    {issue(t, root, oneDay, 50*oneDay, "*.cn-hangzhou.cr.aliyuncs.com"), []error{ErrWrongName}, "it doesn't cover the name: it is for *.cn-hangzhou.cr.aliyuncs.com", 50 * oneDay},
		"it is for many others":     {issue(t, root, oneDay, 50*oneDay, "a.io", "b.io", "c.io", "d.io", "e.io"), []error{ErrWrongName}, "it doesn't cover the name: it is for a.io, b.io, c.io and 2 more", 50 * oneDay},
		"it is an authority's own":  {between, []error{ErrWrongName}, "it doesn't cover the name: it names no host", 20 * oneDay},
		"it has expired":            {issue(t, root, 2*oneDay, -oneDay, shared), []error{ErrExpired}, "it has expired: on " + day(time.Now().Add(-oneDay)), -oneDay},
		"it isn't valid yet":        {issue(t, root, -oneDay, 50*oneDay, shared), []error{ErrNotYetValid}, "it isn't valid yet: not before " + day(time.Now().Add(oneDay)), 50 * oneDay},
		"the one above has expired": {issue(t, ended, 2*oneDay, 50*oneDay, shared), []error{ErrExpired}, "it has expired: that of an authority above it is valid from ", 50 * oneDay},
		"it is signed by a stranger": {
			issue(t, stranger, oneDay, 50*oneDay, shared), []error{ErrNotTrusted}, "it isn't trusted: certificate signed by unknown authority", 50 * oneDay,
		},
		"it has signed itself":              {issue(t, nil, oneDay, 50*oneDay, shared), []error{ErrNotTrusted}, "it isn't trusted: ", 50 * oneDay},
		"another name, and expired":         {issue(t, root, 2*oneDay, -oneDay, "a.io"), []error{ErrWrongName, ErrExpired}, "it doesn't cover the name: it is for a.io", -oneDay},
		"another name, and from a stranger": {issue(t, stranger, oneDay, 50*oneDay, "a.io"), []error{ErrWrongName, ErrNotTrusted}, "it doesn't cover the name: it is for a.io", 50 * oneDay},
	} {
		t.Run(sentence, func(t *testing.T) {
			sent := []*x509.Certificate{test.own.certificate}
			for _, der := range test.own.above {
				if c, err := x509.ParseCertificate(der); err == nil {
					sent = append(sent, c)
				}
			}
			c := inspect(sent, shared, root.pool(), time.Now())
			if len(c.Problems) != len(test.problems) {
				t.Fatalf("problems %v", c.Problems)
			}
			for i, want := range test.problems {
				if !errors.Is(c.Problems[i], want) {
					t.Errorf("problem %v, want %v", c.Problems[i], want)
				}
			}
			if len(c.Problems) > 0 && !strings.HasPrefix(c.Problems[0].Error(), test.text) {
				t.Errorf("problem %q", c.Problems[0])
			}
			if left := time.Until(c.Expires); left > test.expires || left < test.expires-time.Hour {
				t.Errorf("%s are left, want %s", left, test.expires)
			}
		})
	}
}

// TestCertificatesOverTLS: what a server really sends is judged, with what stands above.
func TestCertificatesOverTLS(t *testing.T) {
	root := issue(t, nil, oneDay, 100*oneDay)
	between := issue(t, root, oneDay, 20*oneDay)
	for sentence, test := range map[string]struct {
		own     *issuer
		problem error
	}{
		"a chain":             {issue(t, between, oneDay, 10*oneDay, shared), nil},
		"an expired one":      {issue(t, between, 2*oneDay, -oneDay, shared), ErrExpired},
		"one of a stranger's": {issue(t, nil, oneDay, 10*oneDay, shared), ErrNotTrusted},
		"one of another name": {issue(t, between, oneDay, 10*oneDay, "a.io"), ErrWrongName},
	} {
		t.Run(sentence, func(t *testing.T) {
			server := raw(t, func(conn net.Conn) {
				own := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{test.own.server()}, MinVersion: tls.VersionTLS12})
				_ = own.Handshake()
			})
			r := Prober{Dial: dialTo(server), Roots: root.pool()}.Probe(t.Context(), target)
			if r.Certificate == nil {
				t.Fatal(r.Err)
			}
			if n := len(r.Certificate.Problems); n > 1 || (n == 1) != (test.problem != nil) || n == 1 && !errors.Is(r.Certificate.Problems[0], test.problem) {
				t.Errorf("problems %v", r.Certificate.Problems)
			}
		})
	}
}

// TestTheLastChainCounts: where an authority has two certificates, clients use the one that is left.
func TestTheLastChainCounts(t *testing.T) {
	until := func(days int) *x509.Certificate {
		return &x509.Certificate{NotAfter: time.Unix(0, 0).Add(time.Duration(days) * oneDay)}
	}
	for _, chains := range [][][]*x509.Certificate{
		{{until(10), until(5)}, {until(10), until(7), until(9)}},
		{{until(10), until(7), until(9)}, {until(10), until(5)}},
	} {
		if got := expires(chains); !got.Equal(until(7).NotAfter) {
			t.Errorf("ends on %s", got)
		}
	}
}
