package certificate

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The keys of the Secret, all PEM. The webhook mounts the first two.
const (
	certKey   = "tls.crt"
	keyKey    = "tls.key"
	caCertKey = "ca.crt"
	caKeyKey  = "ca.key"
)

const (
	caLife   = 10 * 365 * 24 * time.Hour
	certLife = 365 * 24 * time.Hour
	// renewBefore is a third of a certificate's life: a controller may be away for that long.
	renewBefore = certLife / 3
	// caRenewBefore is more than certLife: no certificate outlives its CA.
	caRenewBefore = certLife + renewBefore
)

// Renewed is what the Secret shall hold.
type Renewed struct {
	// Data is what the Secret held, with our keys as they shall be.
	Data map[string][]byte
	// Reason says why Data is not what the Secret held, or what it still lacks, in a
	// few words; empty when all is in order.
	Reason string
	// Staged says that CA is a new one, and that no certificate of it is issued
	// before it is trusted: tls.crt is still what it was.
	Staged bool
	// CA is the certificate to be trusted, PEM: it alone, whatever else stands in
	// ca.crt, because the caBundle that it goes into is no secret.
	CA []byte
	// Since is when tls.crt was issued, Expires when it ends, Next when it is to be
	// looked at again; all are zero while Staged.
	Since, Expires, Next time.Time
}

// Renew keeps a CA and a certificate for the DNS names in a Secret's data. What
// is in order stays; the CA is replaced only where it can't be used or ends.
//
// Whoever reads the Secret may serve tls.crt at once. So a certificate is issued
// only by a CA, given in PEM, that trusted says is known to whoever asks.
func Renew(data map[string][]byte, names []string, now time.Time, trusted func(ca []byte) bool) (Renewed, error) {
	var reasons []string
	ca, err := loadCA(data, now)
	if err != nil {
		reasons = append(reasons, err.Error())
		if ca, err = issueCA(now); err != nil {
			return Renewed{}, err
		}
	}
	certificate, err := load(data, ca, names, now)
	staged := false
	if err != nil {
		reasons = append(reasons, err.Error())
		if certificate, err = issue(ca, names, now); err != nil {
			return Renewed{}, err
		}
		// A CA that somebody else made may not sign this certificate.
		if err := verify(certificate.cert, ca, now); err != nil {
			reasons = append(reasons, fmt.Sprintf("%s can't be used: %v", caCertKey, err))
			if ca, certificate, err = issueBoth(names, now); err != nil {
				return Renewed{}, err
			}
		}
		staged = !trusted(encode(ca.cert.Raw))
	}
	r := Renewed{Data: map[string][]byte{}, Reason: strings.Join(reasons, "; "), Staged: staged, CA: encode(ca.cert.Raw)}
	maps.Copy(r.Data, data)
	r.Data[caCertKey], r.Data[caKeyKey] = ca.certPEM, ca.keyPEM
	if staged {
		return r, nil
	}
	r.Data[certKey], r.Data[keyKey] = certificate.certPEM, certificate.keyPEM
	r.Since = certificate.cert.NotBefore.Add(skew)
	r.Expires = certificate.cert.NotAfter
	r.Next = r.Expires.Add(-renewBefore)
	return r, nil
}

func issueBoth(names []string, now time.Time) (ca, certificate pair, err error) {
	if ca, err = issueCA(now); err != nil {
		return pair{}, pair{}, err
	}
	certificate, err = issue(ca, names, now)
	return ca, certificate, err
}

func loadCA(data map[string][]byte, now time.Time) (pair, error) {
	ca, err := parse(data[caCertKey], data[caKeyKey])
	switch {
	case err != nil:
		return pair{}, fmt.Errorf("%s and %s: %w", caCertKey, caKeyKey, err)
	case !ca.cert.IsCA:
		return pair{}, fmt.Errorf("%s is not a CA's", caCertKey)
	case now.Before(ca.cert.NotBefore):
		return pair{}, fmt.Errorf("%s is not valid before %s", caCertKey, ca.cert.NotBefore.Format(time.RFC3339))
	case !now.Before(ca.cert.NotAfter.Add(-caRenewBefore)):
		return pair{}, fmt.Errorf("%s ends at %s", caCertKey, ca.cert.NotAfter.Format(time.RFC3339))
	}
	return ca, nil
}

func load(data map[string][]byte, ca pair, names []string, now time.Time) (pair, error) {
	p, err := parse(data[certKey], data[keyKey])
	if err != nil {
		return pair{}, fmt.Errorf("%s and %s: %w", certKey, keyKey, err)
	}
	if !slices.Equal(p.cert.DNSNames, names) {
		return pair{}, fmt.Errorf("%s is for %s", certKey, strings.Join(p.cert.DNSNames, ", "))
	}
	if !now.Before(p.cert.NotAfter.Add(-renewBefore)) {
		return pair{}, fmt.Errorf("%s ends at %s", certKey, p.cert.NotAfter.Format(time.RFC3339))
	}
	if err := verify(p.cert, ca, now); err != nil {
		return pair{}, fmt.Errorf("%s: %w", certKey, err)
	}
	return p, nil
}

// verify does what the API server does when it is told to trust the CA.
func verify(certificate *x509.Certificate, ca pair, now time.Time) error {
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	_, err := certificate.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now})
	return err
}

// parse reads a certificate and its key, which must be an ECDSA key as issue makes them.
func parse(certPEM, keyPEM []byte) (pair, error) {
	if len(certPEM) == 0 || len(keyPEM) == 0 {
		return pair{}, errors.New("missing")
	}
	both, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return pair{}, err
	}
	key, ok := both.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return pair{}, errors.New("not an ECDSA key")
	}
	return pair{cert: both.Leaf, key: key, certPEM: certPEM, keyPEM: keyPEM}, nil
}
