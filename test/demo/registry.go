package main

import (
	"context"
	"net/netip"

	"github.com/google/go-containerregistry/pkg/v1/random"

	"github.com/registry-failover/registry-failover/test/standin"
)

// registryServer is one instance, at an address that exists only in a VPC.
type registryServer struct {
	*standin.Registry
	name, id, publicEndpoint string
	addr                     netip.Addr
}

func newRegistryServer(ctx context.Context, name, id, addr, publicEndpoint string, a *standin.Authority) (*registryServer, error) {
	registry, err := standin.NewRegistry(a, endpoint, publicEndpoint)
	if err != nil {
		return nil, err
	}
	r := &registryServer{Registry: registry, name: name, id: id, addr: netip.MustParseAddr(addr), publicEndpoint: publicEndpoint}
	return r, r.start(ctx)
}

// start listens on a free port.
func (r *registryServer) start(ctx context.Context) error { return r.Listen(ctx, "127.0.0.1:0") }

// fill pushes the same image to all registries and returns its digest.
func fill(ctx context.Context, a *standin.Authority, registries ...*registryServer) (digest string, err error) {
	img, err := random.Image(256<<10, 3)
	if err != nil {
		return "", err
	}
	hash, err := img.Digest()
	if err != nil {
		return "", err
	}
	for _, r := range registries {
		if err := r.Push(ctx, a, endpoint+"/"+image, img); err != nil {
			return "", err
		}
	}
	return hash.String(), nil
}
