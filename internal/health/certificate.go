package health

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"
)

// What can be wrong with a certificate.
var (
	ErrWrongName   = errors.New("it doesn't cover the name")
	ErrNotYetValid = errors.New("it isn't valid yet")
	ErrExpired     = errors.New("it has expired")
	// ErrNotTrusted says that no chain leads from it to a trusted authority, or that it is for
	// another purpose than a server's.
	ErrNotTrusted = errors.New("it isn't trusted")
	// ErrNoCertificate says that the server ends the handshake because it has none for the
	// name (RFC 6066 section 3): it stands in a [Result]'s Err.
	ErrNoCertificate = errors.New("it has no certificate for the name")
)

// A Certificate is what an instance shows for the shared endpoint's name.
type Certificate struct {
	// Names are those that it covers, as they stand in it; the first is often a wildcard.
	Names []string
	// Issuer is who signed it.
	Issuer string
	// Expires is when it can't be used any more, or the certificate of an authority
	// above it, whatever comes first.
	Expires time.Time
	// Problems are all reasons why a client would refuse it; each is one of the errors
	// above, with details.
	Problems []error
}

// inspect judges the certificates that a server has sent, its own first. Unlike
// crypto/tls it tells all that is wrong: a name and a date are mended in different places.
func inspect(sent []*x509.Certificate, host string, roots *x509.CertPool, now time.Time) *Certificate {
	own := sent[0]
	c := &Certificate{Names: own.DNSNames, Issuer: clip(own.Issuer.String()), Expires: own.NotAfter}
	problem := func(kind error, format string, args ...any) {
		c.Problems = append(c.Problems, fmt.Errorf("%w: "+format, append([]any{kind}, args...)...))
	}
	if own.VerifyHostname(host) != nil {
		problem(ErrWrongName, "%s", c.covers())
	}
	at := now
	switch {
	case now.Before(own.NotBefore):
		problem(ErrNotYetValid, "not before %s", day(own.NotBefore))
		at = own.NotBefore
	case now.After(own.NotAfter):
		problem(ErrExpired, "on %s", day(own.NotAfter))
		at = own.NotAfter
	}
	between := x509.NewCertPool()
	for _, other := range sent[1:] {
		between.AddCert(other)
	}
	// Its own dates were looked at above: with a moment within them the rest is judged.
	chains, err := own.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at})
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case err == nil:
		c.Expires = expires(chains)
	case isInvalid && invalid.Reason == x509.Expired && at.Equal(now):
		problem(ErrExpired, "that of an authority above it is valid from %s to %s", day(invalid.Cert.NotBefore), day(invalid.Cert.NotAfter))
	case isInvalid && invalid.Reason == x509.Expired: // at another moment than now, which says nothing
	default:
		problem(ErrNotTrusted, "%s, signed by %s", clip(strings.TrimPrefix(err.Error(), "x509: ")), c.Issuer)
	}
	return c
}

// expires is when the last of the chains breaks.
func expires(chains [][]*x509.Certificate) time.Time {
	var last time.Time
	for _, chain := range chains {
		first := chain[0].NotAfter
		for _, c := range chain[1:] {
			if c.NotAfter.Before(first) {
				first = c.NotAfter
			}
		}
		if first.After(last) {
			last = first
		}
	}
	return last
}

// covers names what the certificate is for, three names at most.
func (c *Certificate) covers() string {
	const most = 3
	switch n := len(c.Names); {
	case n == 0:
		return "it names no host"
	case n > most:
		return fmt.Sprintf("it is for %s and %d more", clip(strings.Join(c.Names[:most], ", ")), n-most)
	}
	return "it is for " + clip(strings.Join(c.Names, ", "))
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
