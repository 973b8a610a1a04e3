package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// registryServer is one instance: a real registry in memory, with TLS for the
// shared endpoint, at an address that exists only in a VPC.
type registryServer struct {
	name, id, publicEndpoint string
	addr                     netip.Addr
	content                  http.Handler
	tls                      *tls.Config
	server                   *http.Server
	port                     string // where it listens on 127.0.0.1
	pulls                    atomic.Int64
}

func newRegistryServer(name, id, addr, publicEndpoint string, a *authority) (*registryServer, error) {
	r := &registryServer{
		name: name, id: id, addr: netip.MustParseAddr(addr), publicEndpoint: publicEndpoint,
		content: registry.New(registry.Logger(log.New(io.Discard, "", 0))),
	}
	certificate, err := a.issue(endpoint, publicEndpoint)
	if err != nil {
		return nil, err
	}
	r.tls = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	return r, r.start()
}

// start listens on a free port. What was pushed is still there.
func (r *registryServer) start() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r.port = listener.Addr().String()
	r.server = &http.Server{Handler: http.HandlerFunc(r.serve), ReadHeaderTimeout: 5 * time.Second}
	go func(s *http.Server) { _ = s.Serve(tls.NewListener(listener, r.tls)) }(r.server)
	return nil
}

func (r *registryServer) serve(w http.ResponseWriter, request *http.Request) {
	if request.Method == http.MethodGet && strings.Contains(request.URL.Path, "/manifests/") {
		r.pulls.Add(1)
	}
	r.content.ServeHTTP(w, request)
}

// stop ends the registry and every connection to it.
func (r *registryServer) stop() { _ = r.server.Close() }

// fill pushes the same image to all registries and returns its digest.
func fill(ctx context.Context, a *authority, registries ...*registryServer) (digest string, err error) {
	img, err := random.Image(256<<10, 3)
	if err != nil {
		return "", err
	}
	hash, err := img.Digest()
	if err != nil {
		return "", err
	}
	ref, err := name.ParseReference(endpoint + "/" + image)
	if err != nil {
		return "", err
	}
	for _, r := range registries {
		transport := a.transport(func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", r.port)
		})
		err := remote.Write(ref, img, remote.WithContext(ctx), remote.WithTransport(transport))
		transport.CloseIdleConnections()
		if err != nil {
			return "", fmt.Errorf("push to %s: %w", r.name, err)
		}
	}
	return hash.String(), nil
}
