package diagnostics

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server on a free port and returns a function that ends it and
// gives what Serve returned.
func serve(t *testing.T, ready func() error) (*Server, func() error) {
	t.Helper()
	s, err := Listen(Options{Address: "127.0.0.1:0", Registry: prometheus.NewRegistry(), Ready: ready, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	return s, func() error {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		return <-served
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestPages(t *testing.T) {
	tests := map[string]struct {
		path   string
		ready  func() error
		status int
		body   string
	}{
		"health is fine while the program runs":      {"/healthz", nil, 200, "ok\n"},
		"a program that is not ready is still alive": {"/healthz", func() error { return errors.New("the switch is not known") }, 200, "ok\n"},
		"without a question it is always ready":      {"/readyz", nil, 200, "ok\n"},
		"it is ready when there is no error":         {"/readyz", func() error { return nil }, 200, "ok\n"},
		"the reason for not being ready is told":     {"/readyz", func() error { return errors.New("the switch is not known") }, 503, "the switch is not known\n"},
		"an added page is served":                    {"/answer", nil, 200, "10.1.0.10"},
		"there are no other pages":                   {"/debug/pprof/", nil, 404, "404 page not found\n"},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			s, end := serve(t, test.ready)
			s.Handle("GET /answer", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "10.1.0.10") }))
			status, body := get(t, "http://"+s.Addr()+test.path)
			if status != test.status || body != test.body {
				t.Errorf("%s: %d %q, want %d %q", test.path, status, body, test.status, test.body)
			}
			if err := end(); err != nil {
				t.Errorf("Serve: %v", err)
			}
		})
	}
}

func TestMetricsTellOfProcessGoAndBuild(t *testing.T) {
	s, end := serve(t, nil)
	_, body := get(t, "http://"+s.Addr()+"/metrics")
	for _, want := range []string{"go_goroutines ", `registry_failover_build_info{go_version="go`, "process_start_time_seconds "} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in the metrics", want)
		}
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestRegistryThatHasTheRuntimeAlreadyIsFine(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector())
	if _, err := Listen(Options{Registry: registry, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		t.Error(err)
	}
}

func TestAnswersEndWithTheContextThoughOneIsSlow(t *testing.T) {
	s, end := serve(t, nil)
	asked := make(chan struct{})
	s.Handle("GET /slow", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	go func() {
		if resp, err := http.Get("http://" + s.Addr() + "/slow"); err == nil {
			_ = resp.Body.Close()
		}
	}()
	<-asked
	began := time.Now()
	if err := end(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if connection, err := net.DialTimeout("tcp", s.Addr(), time.Second); err == nil {
		connection.Close()
		t.Error("the port is still open")
	}
}

func TestEmptyAddressListensNowhere(t *testing.T) {
	s, err := Listen(Options{Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if s.Addr() != "" {
		t.Errorf("Addr is %q", s.Addr())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Serve(ctx); err != nil {
		t.Error(err)
	}
}

func TestAddressInUseIsNamed(t *testing.T) {
	s, end := serve(t, nil)
	_, err := Listen(Options{Address: s.Addr(), Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), s.Addr()) {
		t.Errorf("error %v does not name %s", err, s.Addr())
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestLogFormats(t *testing.T) {
	tests := map[string]struct{ format, line, problem string }{
		"text is key=value":         {"text", `level=INFO msg="switch accepted" endpoint=reg.example.com`, ""},
		"json is an object a line":  {"json", `"level":"INFO","msg":"switch accepted","endpoint":"reg.example.com"}`, ""},
		"anything else is an error": {"xml", "", `log format "xml": one of text, json`},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			var out strings.Builder
			logger, err := NewLogger(&out, test.format)
			if err != nil {
				if err.Error() != test.problem {
					t.Errorf("error %q, want %q", err, test.problem)
				}
				return
			}
			logger.Info("switch accepted", "endpoint", "reg.example.com")
			if !strings.Contains(out.String(), test.line) || test.problem != "" {
				t.Errorf("line %q, want %q", out.String(), test.line)
			}
		})
	}
}
