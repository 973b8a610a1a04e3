package main

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
	"github.com/registry-failover/registry-failover/test/standin"
)

// services are where the program calls the cloud in the example's regions.
var services = []string{"cr.cn-hangzhou.aliyuncs.com", "cr.cn-zhangjiakou.aliyuncs.com", "pvtz.aliyuncs.com", "sts.cn-zhangjiakou.aliyuncs.com"}

const shared = "cross-region.registry.io"

// What isn't right isn't said either.
const wrongKey, wrongToken = "a-wrong-key", "another's-token"

// A region is a cloud at its own addresses, behind a proxy, and the real program
// that calls it there.
type region struct {
	t *testing.T
	*cloud.Cloud
	data    cloud.Data
	dir     string
	proxy   string
	logs    lines
	edits   atomic.Int64
	mu      sync.Mutex
	reached []string // addresses that the proxy was asked for
}

func newRegion(t *testing.T) *region {
	t.Helper()
	text, err := os.ReadFile("../../test/fakecloud/testdata/two-regions.yaml")
	must(t, err)
	data, err := cloud.ParseData(text)
	must(t, err)
	r := &region{t: t, Cloud: cloud.New(data), data: data, dir: t.TempDir()}
	authority, err := standin.NewAuthority()
	must(t, err)
	certificate, err := authority.Server(services...)
	must(t, err)
	r.write("ca.pem", string(authority.PEM()))
	tunnels := tunnels{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: r.Cloud, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		_ = server.Serve(tls.NewListener(tunnels, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}))
	}()
	t.Cleanup(func() { _ = server.Close() })
	r.proxy = serve(t, "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		r.reached = append(r.reached, strings.TrimSuffix(request.Host, ":443"))
		r.mu.Unlock()
		w.WriteHeader(http.StatusOK)
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			select {
			case tunnels.ready <- conn:
			case <-tunnels.closed:
				_ = conn.Close()
			}
		}
	}))
	return r
}

// tunnels are connections that a proxy hands to a server.
type tunnels struct {
	ready  chan net.Conn
	closed chan struct{}
}

func (t tunnels) Accept() (net.Conn, error) {
	select {
	case conn := <-t.ready:
		return conn, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}
func (t tunnels) Close() error   { close(t.closed); return nil }
func (t tunnels) Addr() net.Addr { return &net.TCPAddr{} }

// serve gives the address that a handler listens on.
func serve(t *testing.T, at string, handler http.Handler) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", at)
	must(t, err)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// start runs the program, with credentials as the configuration has them, until
// the test ends.
func (r *region) start(credentials string, env ...string) {
	r.t.Helper()
	r.configure(credentials)
	program := exec.CommandContext(r.t.Context(), "controller", "--config", r.path("config.yaml"), "--dir", r.dir, "--metrics=", "--credentials-dir", r.path("secret"))
	program.Env = slices.Concat(os.Environ(), []string{"SSL_CERT_FILE=" + r.path("ca.pem"), "HTTPS_PROXY=http://" + r.proxy, "NO_PROXY="}, env)
	program.Stderr = &r.logs
	program.Cancel = func() error { return program.Process.Signal(os.Interrupt) }
	must(r.t, program.Start())
	r.t.Cleanup(func() {
		_ = program.Wait()
		r.holdsNoSecret()
		if r.t.Failed() {
			r.t.Logf("the program says\n%s", r.logs.String())
		}
	})
}

// holdsNoSecret looks at all that the program has said and published.
func (r *region) holdsNoSecret() {
	said := map[string]string{"the log": r.logs.String()}
	for _, name := range []string{"status/", "state/"} {
		text, _ := os.ReadFile(r.path(name + shared))
		said[name+shared] = string(text)
	}
	for where, text := range said {
		for _, secret := range []string{"demo-secret", "session-key-", "session+token", "session%2Btoken", "demo-oidc-token", wrongKey, wrongToken} {
			if strings.Contains(text, secret) {
				r.t.Errorf("%s has %s", where, secret)
			}
		}
	}
}

// configure has the program read all anew, at once.
func (r *region) configure(credentials string) {
	text, err := os.ReadFile("../../test/demo/cloud.yaml")
	must(r.t, err)
	lines := strings.Split(string(text), "\n")
	i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "credentials:") })
	lines[i] = "credentials: " + credentials
	i = slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "- name: "+shared) })
	lines = slices.Insert(lines, i+1, fmt.Sprintf("  ttl: %ds", 5+r.edits.Add(1)))
	r.write("config.new", strings.Join(lines, "\n"))
	must(r.t, os.Rename(r.path("config.new"), r.path("config.yaml")))
}

func (r *region) path(name string) string { return filepath.Join(r.dir, name) }

func (r *region) write(name, content string) {
	must(r.t, os.MkdirAll(filepath.Dir(r.path(name)), 0o700))
	must(r.t, os.WriteFile(r.path(name), []byte(content), 0o600))
}

// told is what stands in the status of PrivateZone.
func (r *region) told() (told struct{ ReadAt, Target, Error string }) {
	var status struct{ PrivateZone any }
	status.PrivateZone = &told
	if text, err := os.ReadFile(r.path("status/" + shared)); err == nil {
		must(r.t, json.Unmarshal(text, &status))
	}
	return told
}

// await looks again and again, until it is so.
func (r *region) await(what string, within time.Duration, is func() bool) {
	r.t.Helper()
	for begun := time.Now(); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > within {
			r.t.Fatalf("not within %s: %s; the status is %+v", within, what, r.told())
		}
	}
}

// signed counts the calls since the nth that a key has signed and that succeeded.
func (r *region) signed(from int, key string) (n int) {
	for _, c := range r.Calls()[from:] {
		if c.Code == "" && c.Query["AccessKeyId"] == key {
			n++
		}
	}
	return n
}

// lines are what a program says.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return cmp.Or(l.text.String(), "nothing")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
