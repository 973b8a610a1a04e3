package cluster

import (
	"context"
	"fmt"
	"os"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/registry-failover/registry-failover/internal/ociimage"
)

// The images that a node has before anything is pulled.
const (
	pauseImage = "localhost/pause:1"
	dnsImage   = "localhost/coredns:1"
	// ProductRegistry is where the product's images come from: a registry that
	// has nothing to do with the instances. They are on the node already.
	ProductRegistry = "platform.example.com/tools"
	ProductTag      = "test"
	// WebImage is what workloads run, in both instances, without a host.
	WebImage = "demo/web:1"
	// OlderImage is the same by another name, which no node holds before it is asked for.
	OlderImage = "demo/older:1"
)

// programs are the product's, each in an image of its own.
var programs = []string{"controller", "resolver", "webhook"}

// build compiles what runs in containers.
func (c *Cluster) build(ctx context.Context) error {
	if err := os.MkdirAll(path("bin"), 0o755); err != nil {
		return err
	}
	// With the flags of `make build`, so that nothing is compiled twice.
	_, err := run(ctx, []string{"CGO_ENABLED=0", "GOPROXY=off"}, "go", "-C", c.Root, "build", "-trimpath", "-ldflags=-s -w",
		"-o", path("bin")+"/", "./cmd/...", "./test/cluster/pause", "./test/cluster/web")
	return err
}

func (c *Cluster) image(program string) (v1.Image, error) {
	return imageOf(path("bin", program))
}

// imageOf doesn't compress: under the race detector that takes 20 s for CoreDNS alone.
func imageOf(program string) (v1.Image, error) {
	return ociimage.BuildFromBinary(program, ociimage.Options{Architecture: runtime.GOARCH, Uncompressed: true})
}

// makeImages makes what the cluster itself consists of, and puts the workload into both instances.
func (c *Cluster) makeImages(ctx context.Context) error {
	if err := c.build(ctx); err != nil {
		return err
	}
	pause, err := c.image("pause")
	if err != nil {
		return err
	}
	coredns, err := imageOf(c.Tool("coredns", "coredns"))
	if err != nil {
		return err
	}
	c.images = map[string]v1.Image{pauseImage: pause, dnsImage: coredns}
	for _, program := range programs {
		name := fmt.Sprintf("%s/registry-failover-%s:%s", ProductRegistry, program, ProductTag)
		if c.images[name], err = c.image(program); err != nil {
			return err
		}
	}
	web, err := c.image("web")
	if err != nil {
		return err
	}
	for _, instance := range []*Instance{c.Hangzhou, c.Zhangjiakou} {
		for _, name := range []string{WebImage, OlderImage} {
			if err := instance.Push(ctx, c.Authority, Endpoint+"/"+name, web); err != nil {
				return err
			}
		}
	}
	return nil
}

// importImages puts on the node what the cluster itself consists of.
func (c *Cluster) importImages(ctx context.Context, n *Node) error {
	return ociimage.Import(ctx, []string{c.Tool("containerd", "ctr"), "--address", n.socket()}, c.images)
}
