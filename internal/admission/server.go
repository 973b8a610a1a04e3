package admission

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

const (
	// drain is how long clients have, after the end was asked for, to give their
	// connections up. Those in use hear of it with their next answer. An idle one
	// can't be told: HTTP/1.1, which API servers speak to webhooks, has no word for
	// it, and a request that is sent as the connection closes is lost.
	drain = 10 * time.Second
	// grace is how long open requests may take after that; the chart's timeoutSeconds is 2.
	grace = 5 * time.Second
)

// Server serves a handler over HTTPS with a certificate that is read again when it changes.
type Server struct {
	// Address to listen on, such as ":9443"; port 0 takes a free one.
	Address string
	// CertDir holds tls.crt and tls.key, as a mounted Secret of type kubernetes.io/tls does.
	CertDir string
	Handler http.Handler
	// Metrics gets one that tells when the certificate ends; nil for none.
	Metrics prometheus.Registerer
	Log     *slog.Logger

	readTimeout time.Duration // 10 s, shorter in tests
	drain       time.Duration // drain, shorter in tests
	draining    atomic.Bool
	open        atomic.Int64 // connections
	certificate *certificate
	listener    net.Listener
}

// Listen reads the certificate and binds the address, so that both are
// reported before anything else starts.
func (s *Server) Listen() error {
	if s.readTimeout == 0 {
		s.readTimeout = 10 * time.Second
	}
	if s.drain == 0 {
		s.drain = drain
	}
	s.certificate = &certificate{dir: s.CertDir}
	if err := s.certificate.load(); err != nil {
		return err
	}
	if s.Metrics != nil {
		if err := s.certificate.register(s.Metrics); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", s.Address)
	if err != nil {
		return fmt.Errorf("listen address %q: %w", s.Address, err)
	}
	s.listener = listener
	return nil
}

// Addr is the bound address. It is valid after Listen.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve answers until ctx ends, and then for up to 10 seconds more with each
// answer as the last of its connection, until none is open. It gives open
// requests 5 seconds to finish and returns nil.
func (s *Server) Serve(ctx context.Context) error {
	server := &http.Server{
		Handler:   http.HandlerFunc(s.answer),
		TLSConfig: &tls.Config{GetCertificate: s.certificate.get, NextProtos: []string{"h2", "http/1.1"}},
		// The API server waits 2 s for an answer. It keeps connections open and ends
		// those that were idle for 90 s, so that none is ended here that it would use.
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       s.readTimeout,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ConnState:         s.count,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.certificate.follow(ctx, s.Log) })
	group.Go(func() error {
		if err := server.ServeTLS(s.listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve at %s: %w", s.Addr(), err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		s.awaitNoConnection()
		timed, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if err := server.Shutdown(timed); err != nil {
			// A connection that says nothing, as a port probe makes, counts as open too.
			s.Log.Info("connections that are still open are cut off", "error", err)
			_ = server.Close()
		}
		return nil
	})
	return group.Wait()
}

// answer calls the handler. While the server drains, HTTP/1.1 clients are told to
// use the connection no more, and HTTP/2 clients get a GOAWAY instead of the header.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	s.Handler.ServeHTTP(w, r)
}

func (s *Server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.open.Add(-1)
	}
}

// awaitNoConnection returns when no connection is open, or after drain.
func (s *Server) awaitNoConnection() {
	s.draining.Store(true)
	end := time.After(s.drain)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for s.open.Load() > 0 {
		select {
		case <-end:
			return
		case <-tick.C:
		}
	}
}
