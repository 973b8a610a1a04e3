package standin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Registry is one instance: a real registry in memory, with TLS for the shared
// endpoint and for its own hosts, and an access log.
type Registry struct {
	// AccessLog gets a line for each request; set it before Listen, or leave it out.
	AccessLog io.Writer

	content   http.Handler
	tls       *tls.Config
	mutex     sync.Mutex
	log       []Access
	intercept func(http.ResponseWriter, *http.Request) bool
	server    *http.Server
	addrs     []string
}

// Access is one request that a registry served.
type Access struct {
	Time               time.Time
	Method, Host, Path string
	UserAgent          string
	// Client is the address that the request came from.
	Client string
}

// IsPull tells whether the request fetched a manifest, as each pull does. What the product
// itself looks up is none.
func (a Access) IsPull() bool {
	return a.UserAgent != "registry-failover" && strings.Contains(a.Path, "/manifests/") && (a.Method == http.MethodGet || a.Method == http.MethodHead)
}

// NewRegistry makes an empty registry whose certificate is valid for hosts.
func NewRegistry(a *Authority, hosts ...string) (*Registry, error) {
	certificate, err := a.Server(hosts...)
	if err != nil {
		return nil, err
	}
	return &Registry{
		content: registry.New(registry.Logger(log.New(io.Discard, "", 0))),
		tls:     &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}, nil
}

// Listen serves at each address, host:port, until Close. What was pushed
// earlier is still there.
func (r *Registry) Listen(ctx context.Context, addrs ...string) error {
	r.server = &http.Server{
		Handler: http.HandlerFunc(r.serve), ReadHeaderTimeout: 5 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0), // clients that hang up
	}
	r.addrs = nil
	for _, addr := range addrs {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
		if err != nil {
			return errors.Join(fmt.Errorf("could not listen as a registry: %w", err), r.Close())
		}
		r.addrs = append(r.addrs, listener.Addr().String())
		go func(server *http.Server) { _ = server.Serve(tls.NewListener(listener, r.tls)) }(r.server)
	}
	return nil
}

// Addr is the first address, host:port, that the registry listens at.
func (r *Registry) Addr() string { return r.addrs[0] }

func (r *Registry) serve(w http.ResponseWriter, request *http.Request) {
	client, _, _ := net.SplitHostPort(request.RemoteAddr) // as net/http writes it
	r.mutex.Lock()
	access := Access{
		Time: time.Now(), Method: request.Method, Host: request.Host, Path: request.URL.Path, UserAgent: request.UserAgent(), Client: client,
	}
	r.log = append(r.log, access)
	if r.AccessLog != nil {
		_, _ = fmt.Fprintln(r.AccessLog, access.Time.Format(time.RFC3339Nano), access.Client, access.Method, access.Host+access.Path, access.UserAgent)
	}
	intercept := r.intercept
	r.mutex.Unlock()
	if intercept == nil || !intercept(w, request) {
		r.content.ServeHTTP(w, request)
	}
}

// Intercept shows each further request to answer first, which returns whether it
// has answered it. Nil ends that.
func (r *Registry) Intercept(answer func(http.ResponseWriter, *http.Request) bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.intercept = answer
}

// Log returns the requests that were served since the log had from entries.
func (r *Registry) Log(from int) []Access {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]Access(nil), r.log[from:]...)
}

// Pulls counts the manifests that were fetched from repository; every one with an empty name.
func (r *Registry) Pulls(repository string) int {
	count := 0
	for _, access := range r.Log(0) {
		if access.IsPull() && (repository == "" || strings.HasPrefix(access.Path, "/v2/"+repository+"/manifests/")) {
			count++
		}
	}
	return count
}

// Push stores an image under a reference, whatever the reference's host resolves to.
func (r *Registry) Push(ctx context.Context, a *Authority, reference string, image v1.Image) error {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return err
	}
	transport := a.Transport(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", r.Addr())
	})
	defer transport.CloseIdleConnections()
	if err := remote.Write(ref, image, remote.WithContext(ctx), remote.WithTransport(transport)); err != nil {
		return fmt.Errorf("could not push %s to %s: %w", reference, r.Addr(), err)
	}
	return nil
}

// Close ends the registry and every connection to it.
func (r *Registry) Close() error { return r.server.Close() }

// Transport trusts the authority and nobody else, and connects as it is told.
func (a *Authority) Transport(dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Transport {
	return &http.Transport{
		DialContext: dial, TLSHandshakeTimeout: 5 * time.Second,
		TLSClientConfig: &tls.Config{RootCAs: a.Pool, MinVersion: tls.VersionTLS12},
	}
}
