package health

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/registry-failover/registry-failover/test/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const shared = "cross-region.registry.io"

// challengeOfA is what the instance cri-aaaaa answers, as public code has such answers.
const challengeOfA = `Bearer realm="https://dockerauth-vpc.cn-hangzhou.aliyuncs.com/auth",service="registry.aliyuncs.com:cn-hangzhou:china:cri-aaaaa:2a"`

// An issuer signs certificates.
type issuer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	above       [][]byte // what a server sends after its own
}

// issue makes a certificate valid for the time before and after now; parent nil signs itself.
func issue(t *testing.T, parent *issuer, before, after time.Duration, names ...string) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test"}, DNSNames: names,
		NotBefore: time.Now().Add(-before), NotAfter: time.Now().Add(after), BasicConstraintsValid: true, IsCA: len(names) == 0,
		SubjectKeyId: []byte(rand.Text()),
	}
	signer := issuer{template, key, nil}
	if parent != nil {
		signer = *parent
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.certificate, key.Public(), signer.key)
	if err != nil {
		t.Fatal(err)
	}
	own := &issuer{key: key}
	if own.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	if parent != nil {
		own.above = append([][]byte{parent.certificate.Raw}, parent.above...)
	}
	return own
}

// server is the certificate as a TLS server takes it.
func (i *issuer) server() tls.Certificate {
	return tls.Certificate{Certificate: append([][]byte{i.certificate.Raw}, i.above...), PrivateKey: i.key}
}

func (i *issuer) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(i.certificate)
	return pool
}

// addr is where targets say that an instance is; dialTo leads elsewhere.
var addr = netip.MustParseAddr("10.1.0.10")

// dialTo connects to a server on this machine, whatever is asked for.
func dialTo(server string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server)
	}
}

// registry is one that answers as it is told, and a prober that trusts and reaches it.
func registry(t *testing.T, answer http.HandlerFunc) Prober {
	t.Helper()
	authority, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	r, err := standin.NewRegistry(authority, shared)
	if err != nil {
		t.Fatal(err)
	}
	if answer != nil {
		r.Intercept(func(w http.ResponseWriter, request *http.Request) bool {
			answer(w, request)
			return true
		})
	}
	if err := r.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return Prober{Dial: dialTo(r.Addr()), Roots: authority.Pool}
}

// raw serves each connection by a function, which ends when the test does, and
// returns where.
func raw(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// challenging answers 401 with the values of WWW-Authenticate.
func challenging(values ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Www-Authenticate"] = values
		w.WriteHeader(http.StatusUnauthorized)
	}
}
