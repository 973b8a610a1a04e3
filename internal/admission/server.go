package admission

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// grace is how long open requests may take after the end was asked for; the
// chart's timeoutSeconds is 2.
const grace = 5 * time.Second

// Server serves a handler over HTTPS with a certificate that is read again when it changes.
type Server struct {
	// Address to listen on, such as ":9443"; port 0 takes a free one.
	Address string
	// CertDir holds tls.crt and tls.key, as a mounted Secret of type kubernetes.io/tls does.
	CertDir string
	Handler http.Handler
	Log     *slog.Logger

	readTimeout time.Duration // 10 s, shorter in tests
	certificate *certificate
	listener    net.Listener
}

// Listen reads the certificate and binds the address, so that both are
// reported before anything else starts.
func (s *Server) Listen() error {
	if s.readTimeout == 0 {
		s.readTimeout = 10 * time.Second
	}
	s.certificate = &certificate{dir: s.CertDir}
	if err := s.certificate.load(); err != nil {
		return err
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

// Serve answers until ctx ends, gives open requests 5 seconds to finish and returns nil.
func (s *Server) Serve(ctx context.Context) error {
	server := &http.Server{
		Handler:   s.Handler,
		TLSConfig: &tls.Config{GetCertificate: s.certificate.get, NextProtos: []string{"h2", "http/1.1"}},
		// The API server keeps connections open and waits 2 s for an answer.
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       s.readTimeout,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    16 << 10,
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
