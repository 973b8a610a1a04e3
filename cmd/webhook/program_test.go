package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is a running webhook with its log, one object a line.
type program struct {
	command *exec.Cmd
	lines   chan map[string]string
	ended   chan error
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{command: exec.Command(binary, args...), lines: make(chan map[string]string, 100), ended: make(chan error, 1)}
	stderr, err := p.command.StderrPipe()
	must(t, err)
	must(t, p.command.Start())
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(p.lines)
		for decoder := json.NewDecoder(stderr); ; {
			var values map[string]any
			if err := decoder.Decode(&values); err != nil {
				rest, _ := io.ReadAll(io.MultiReader(decoder.Buffered(), stderr))
				if len(bytes.TrimSpace(rest)) > 0 {
					t.Errorf("the log is no JSON: %v: %s", err, rest)
				}
				return
			}
			line := map[string]string{}
			for key, value := range values {
				line[key] = fmt.Sprint(value)
			}
			p.lines <- line
		}
	})
	go func() {
		reading.Wait() // before Wait closes the pipe
		p.ended <- p.command.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.ended
		reading.Wait()
	})
	return p
}

// log gives the next line, which must have this message.
func (p *program) log(t *testing.T, want string) map[string]string {
	t.Helper()
	select {
	case line, open := <-p.lines:
		if !open || line["msg"] != want {
			t.Fatalf("the log says %v, not %q", line, want)
		}
		return line
	case <-time.After(30 * time.Second):
		t.Fatalf("the log doesn't say %q", want)
		return nil
	}
}

// terminate ends the program as kubelet does; it has nothing more to say and is content.
func (p *program) terminate(t *testing.T) {
	t.Helper()
	must(t, p.command.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("the program ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the program doesn't end")
	}
	for line := range p.lines {
		t.Errorf("the log says %v", line)
	}
}

// certificate is a directory with a self-signed pair for 127.0.0.1, and who trusts it.
func certificate(t *testing.T) (dir string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	dir, roots = t.TempDir(), x509.NewCertPool()
	crt := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	roots.AppendCertsFromPEM(crt)
	must(t, os.WriteFile(filepath.Join(dir, "tls.crt"), crt, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "tls.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	return dir, roots
}

func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(path+".new", content, 0o600))
	must(t, os.Rename(path+".new", path))
}

func get(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	answer, err := client.Get(url)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return string(text)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
