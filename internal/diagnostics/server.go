package diagnostics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Registry is what a program registers its metrics with; *prometheus.Registry is
// one, and so is the registry of controller-runtime.
type Registry interface {
	prometheus.Registerer
	prometheus.Gatherer
}

// Options say what a Server serves; all but Ready are required.
type Options struct {
	// Address to listen on, such as ":8081". With ":0" any free port is taken,
	// and an empty one gives a Server that listens nowhere.
	Address string
	// Registry is served at /metrics. The metrics of the Go runtime, of the
	// process and registry_failover_build_info are added to it.
	Registry Registry
	// Ready returns why the program is not ready, in one sentence, or nil. It is
	// called for each request, at the same time for several. Nil is always ready.
	Ready func() error
	// Logger gets what goes wrong with single requests.
	Logger *slog.Logger
}

// Server is the metrics port of a program.
type Server struct {
	mux      *http.ServeMux
	listener net.Listener // nil with an empty address
	errors   *slog.Logger
}

// Listen opens the port. Nothing is answered before [Server.Serve].
func Listen(o Options) (*Server, error) {
	s := &Server{mux: http.NewServeMux(), errors: o.Logger}
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(),
	} {
		// The registry of controller-runtime has the first two already.
		if err := o.Registry.Register(c); err != nil && !errors.As(err, &prometheus.AlreadyRegisteredError{}) {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	s.Handle("GET /metrics", promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelError),
		// One broken collector must not hide what the others have to say.
		ErrorHandling: promhttp.ContinueOnError,
	}))
	s.Handle("GET /healthz", http.HandlerFunc(healthy))
	s.Handle("GET /readyz", readiness(o.Ready))
	if o.Address == "" {
		return s, nil
	}
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("metrics address %q: %w", o.Address, err)
	}
	s.listener = listener
	return s, nil
}

// Handle adds a page; pattern is one of [http.ServeMux].
func (s *Server) Handle(pattern string, handler http.Handler) { s.mux.Handle(pattern, handler) }

// Addr is the address that is listened on, host:port; empty when there is none.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Serve answers until ctx ends, then gives open requests a second, closes the
// port and returns nil. Without an address it only waits for ctx.
func (s *Server) Serve(ctx context.Context) error {
	if s.listener == nil {
		<-ctx.Done()
		return nil
	}
	server := &http.Server{
		Handler:           s.mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.errors.Handler(), slog.LevelError),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve metrics at %s: %w", s.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		_ = server.Close() // somebody is still reading
	}
	<-served
	return nil
}

func healthy(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") }

func readiness(ready func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if ready != nil {
			if err := ready(); err != nil {
				answer(w, http.StatusServiceUnavailable, err.Error())
				return
			}
		}
		healthy(w, r)
	}
}

func answer(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, sentence+"\n")
}
