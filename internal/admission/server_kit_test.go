package admission_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/admission"
)

// pair is a self-signed certificate with its key, in PEM; its serial number tells which one it is, and how many hours it lives.
func pair(t *testing.T, serial int64) (crt, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "registry-failover-webhook"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Duration(serial) * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	must(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func write(t *testing.T, dir string, crt, key []byte) {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "tls.crt"), crt, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "tls.key"), key, 0o600))
}

// messages is a log of which the messages are kept.
type messages chan string

func (messages) Enabled(context.Context, slog.Level) bool { return true }
func (m messages) WithAttrs([]slog.Attr) slog.Handler     { return m }
func (m messages) WithGroup(string) slog.Handler          { return m }
func (m messages) Handle(_ context.Context, r slog.Record) error {
	if r.Level > slog.LevelDebug {
		m <- r.Message
	}
	return nil
}

// server is a Server that runs until the test ends or end is called.
type server struct {
	*admission.Server
	log messages
	end func() error
}

func serve(t *testing.T, certDir string, handler http.Handler, edits ...func(*admission.Server)) server {
	t.Helper()
	log := make(messages, 100)
	s := server{Server: &admission.Server{Address: "127.0.0.1:0", CertDir: certDir, Handler: handler, Log: slog.New(log)}, log: log}
	s.SetDrain(time.Millisecond)
	for _, edit := range edits {
		edit(s.Server)
	}
	must(t, s.Listen())
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	ended := false
	s.end = func() error {
		if ended {
			return nil
		}
		ended = true
		cancel()
		select {
		case err := <-served:
			return err
		case <-time.After(30 * time.Second):
			return errors.New("it does not end")
		}
	}
	t.Cleanup(func() { must(t, s.end()) })
	return s
}

func (s server) logs(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-s.log:
		if got != want {
			t.Fatalf("the log says %q, not %q", got, want)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("the log doesn't say %q", want)
	}
}

// serial is that of the certificate that a new connection gets.
func (s server) serial(t *testing.T) int64 {
	t.Helper()
	connection, err := tls.Dial("tcp", s.Addr(), &tls.Config{InsecureSkipVerify: true})
	must(t, err)
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// client trusts the certificate and no other.
func client(t *testing.T, crt []byte, http2 bool) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(crt)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: http2}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
