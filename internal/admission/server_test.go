package admission_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/admission"
)

func TestServer(t *testing.T) {
	dir := t.TempDir()
	crt, key := pair(t, 1)
	write(t, dir, crt, key)
	w := newWebhook(t, "")
	s := serve(t, dir, w.routes)
	tests := map[string]struct {
		http2 bool
		body  []byte
		want  string
	}{
		"HTTP/2":                               {true, review(t, running(source+"/demo/web:1")), `"patch":`},
		"HTTP/1.1":                             {false, review(t, running(source+"/demo/web:1")), `"patch":`},
		"a body over the limit, over HTTP/2":   {true, review(t, running(strings.Repeat("x", 2*admission.MaxBodyBytes))), "is longer than"},
		"a body over the limit, over HTTP/1.1": {false, review(t, running(strings.Repeat("x", admission.MaxBodyBytes))), "is longer than"},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			answer, err := client(t, crt, test.http2).Post("https://"+s.Addr()+"/mutate", "application/json", bytes.NewReader(test.body))
			must(t, err)
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			must(t, err)
			if answer.StatusCode != http.StatusOK || (answer.ProtoMajor == 2) != test.http2 || !bytes.Contains(text, []byte(test.want)) {
				t.Errorf("%s %s: %s", answer.Proto, answer.Status, text)
			}
		})
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	dir := t.TempDir()
	crt, key := pair(t, 1)
	write(t, dir, crt, key)
	s := serve(t, dir, http.NotFoundHandler())
	if c, err := tls.Dial("tcp", s.Addr(), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
		c.Close()
		t.Error("TLS 1.1 was accepted")
	}
}

func TestBodyThatTricklesIsCutOff(t *testing.T) {
	dir := t.TempDir()
	crt, key := pair(t, 1)
	write(t, dir, crt, key)
	ends := make(chan error, 1)
	s := serve(t, dir, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		ends <- err
	}), func(s *admission.Server) { s.SetReadTimeout(time.Second) })
	for sentence, http2 := range map[string]bool{"HTTP/2": true, "HTTP/1.1": false} {
		t.Run(sentence, func(t *testing.T) {
			body, trickle := io.Pipe()
			defer body.Close()
			go func() {
				for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
					if _, err := trickle.Write([]byte("x")); err != nil {
						return
					}
				}
				trickle.Close()
			}()
			if answer, err := client(t, crt, http2).Post("https://"+s.Addr(), "application/json", body); err == nil {
				answer.Body.Close()
			}
			select {
			case err := <-ends:
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("the body ended with %v", err)
				}
			case <-time.After(30 * time.Second):
				t.Error("the handler was not called, or is still reading")
			}
		})
	}
}

const (
	renewed = "a new certificate is served"
	unfit   = "the certificate can't be used: the last good one is served"
)

func TestCertificateThatIsReplacedIsServed(t *testing.T) {
	t.Run("as a mounted Secret is, by one symlink", func(t *testing.T) {
		dir := t.TempDir()
		// mount puts a version of the Secret behind ..data, as kubelet does.
		mount := func(version string, crt, key []byte) {
			write(t, filepath.Join(dir, version), crt, key)
			must(t, os.Symlink(version, filepath.Join(dir, "..data_tmp")))
			must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
		}
		crt, key := pair(t, 1)
		mount("..v1", crt, key)
		for _, name := range []string{"tls.crt", "tls.key"} {
			must(t, os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
		}
		s := serve(t, dir, http.NotFoundHandler())
		compare(t, int64(1), s.serial(t))
		crt, key = pair(t, 2)
		mount("..v2", crt, key)
		must(t, os.RemoveAll(filepath.Join(dir, "..v1")))
		s.logs(t, renewed)
		compare(t, int64(2), s.serial(t))
		crt, key = pair(t, 3)
		mount("..v3", crt, key)
		s.logs(t, renewed)
		compare(t, int64(3), s.serial(t))
	})

	t.Run("file by file, and what is no pair meanwhile is not served", func(t *testing.T) {
		dir := t.TempDir()
		crt1, key1 := pair(t, 1)
		crt2, key2 := pair(t, 2)
		write(t, dir, crt1, key1)
		s := serve(t, dir, http.NotFoundHandler())
		replace(t, filepath.Join(dir, "tls.crt"), crt2)
		s.logs(t, unfit)
		for range 20 { // what is told once isn't told again at every look
			replace(t, filepath.Join(dir, "tls.crt"), crt2)
			compare(t, int64(1), s.serial(t))
		}
		replace(t, filepath.Join(dir, "tls.key"), key2)
		s.logs(t, renewed)
		compare(t, int64(2), s.serial(t))
	})

	t.Run("after it was gone for a while", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "tls")
		crt, key := pair(t, 1)
		write(t, dir, crt, key)
		s := serve(t, dir, http.NotFoundHandler())
		must(t, os.Rename(dir, dir+".away"))
		s.logs(t, unfit)
		compare(t, int64(1), s.serial(t))
		crt, key = pair(t, 2)
		write(t, dir+".new", crt, key)
		must(t, os.Rename(dir+".new", dir))
		s.logs(t, renewed)
		compare(t, int64(2), s.serial(t))
	})
}

// TestMetricTellsWhenTheCertificateEnds: also of one that neither the controller nor cert-manager renews.
func TestMetricTellsWhenTheCertificateEnds(t *testing.T) {
	dir, registry := t.TempDir(), prometheus.NewPedanticRegistry()
	crt, key := pair(t, 1)
	write(t, dir, crt, key)
	s := serve(t, dir, http.NotFoundHandler(), func(s *admission.Server) { s.Metrics = registry })
	ends := func(crt []byte) {
		t.Helper()
		block, _ := pem.Decode(crt)
		certificate, err := x509.ParseCertificate(block.Bytes)
		must(t, err)
		families, err := registry.Gather()
		must(t, err)
		if len(families) != 1 || families[0].GetName() != "registry_failover_admission_certificate_expiry_timestamp_seconds" ||
			families[0].GetMetric()[0].GetGauge().GetValue() != float64(certificate.NotAfter.Unix()) {
			t.Errorf("the certificate ends at %d, the metrics are %v", certificate.NotAfter.Unix(), families)
		}
	}
	ends(crt)
	renewedCrt, renewedKey := pair(t, 48)
	replace(t, filepath.Join(dir, "tls.crt"), renewedCrt)
	s.logs(t, unfit)
	ends(crt)
	replace(t, filepath.Join(dir, "tls.key"), renewedKey)
	s.logs(t, renewed)
	ends(renewedCrt)
}

func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(path+".new", content, 0o600))
	must(t, os.Rename(path+".new", path))
}

func TestListenTellsWhatIsWrongInOneSentence(t *testing.T) {
	crt, key := pair(t, 1)
	_, otherKey := pair(t, 2)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	tests := map[string]struct {
		prepare func(dir string)
		address string
		want    string
	}{
		"the directory is missing":      {func(string) {}, "127.0.0.1:0", "tls.crt: no such file or directory: tls.crt and tls.key must be there, readable and a pair"},
		"the key is missing":            {func(dir string) { write(t, dir, crt, key); must(t, os.Remove(filepath.Join(dir, "tls.key"))) }, "127.0.0.1:0", "tls.key: no such file or directory"},
		"the certificate is no PEM":     {func(dir string) { write(t, dir, []byte("x"), key) }, "127.0.0.1:0", "failed to find any PEM data"},
		"the key is empty":              {func(dir string) { write(t, dir, crt, nil) }, "127.0.0.1:0", "failed to find any PEM data"},
		"the key is another's":          {func(dir string) { write(t, dir, crt, otherKey) }, "127.0.0.1:0", "private key does not match public key"},
		"the certificate is unreadable": {func(dir string) { must(t, os.MkdirAll(filepath.Join(dir, "tls.crt"), 0o700)) }, "127.0.0.1:0", "is a directory"},
		"the port is in use":            {func(dir string) { write(t, dir, crt, key) }, taken.Addr().String(), `listen address "` + taken.Addr().String() + `": `},
		"the address is none":           {func(dir string) { write(t, dir, crt, key) }, "9443", `listen address "9443": `},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "tls")
			test.prepare(dir)
			err := (&admission.Server{Address: test.address, CertDir: dir, Log: slog.New(slog.DiscardHandler)}).Listen()
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %v", err)
			}
			if strings.Contains(test.want, "tls.") && !strings.HasPrefix(err.Error(), "certificate in "+dir+": ") {
				t.Errorf("error %v does not name %s", err, dir)
			}
		})
	}
}
