package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/registry-failover/registry-failover/internal/nodehosts"
	"github.com/registry-failover/registry-failover/test/standin"
)

// resolve finds the shared endpoint as a container runtime on a node does: in
// the hosts file first, then at the VPC's DNS.
func (s *stage) resolve(ctx context.Context) (addrs []netip.Addr, where string, err error) {
	content, err := os.ReadFile(s.hostsFile)
	if err != nil {
		return nil, "", err
	}
	if addrs := nodehosts.Applied(content)[endpoint]; len(addrs) > 0 {
		return addrs, "hosts file", nil
	}
	addrs, err = standin.Lookup(ctx, s.privateZone.Addr(), endpoint)
	return addrs, "PrivateZone", err
}

// tellAnswers shows what a node and what a pod get for the shared endpoint.
func (s *stage) tellAnswers(ctx context.Context) error {
	node, where, err := s.resolve(ctx)
	if err != nil {
		return err
	}
	begin := time.Now()
	pod, err := standin.Lookup(ctx, s.resolver.addr, endpoint)
	if err != nil {
		return err
	}
	tell("on a node  %s → %s (%s)", endpoint, list(node), where)
	tell("in a pod   %s → %s (the resolver, in %s)", endpoint, list(pod), millis(time.Since(begin)))
	return nil
}

func list(addrs []netip.Addr) string {
	texts := make([]string, len(addrs))
	for i, a := range addrs {
		texts[i] = a.String()
	}
	return strings.Join(texts, ", ")
}

// pullFrom pulls and checks that it was this registry that served.
func (s *stage) pullFrom(ctx context.Context, want *registryServer) error {
	before := map[*registryServer]int{s.primary: s.primary.Pulls(""), s.standby: s.standby.Pulls("")}
	size, took, err := s.pull(ctx)
	if err != nil {
		return err
	}
	tell("pulled %s/%s: %d KiB in %s, from %s", endpoint, image, size>>10, millis(took), want.name)
	for _, r := range []*registryServer{s.primary, s.standby} {
		if served := r.Pulls("") > before[r]; served != (r == want) {
			return fmt.Errorf("the log of %s does not fit: it served the pull: %t", r.name, served)
		}
	}
	return nil
}

// pull fetches manifest and layers with new connections, as containerd does,
// and checks every digest. The size is in bytes.
func (s *stage) pull(ctx context.Context) (size int64, took time.Duration, err error) {
	begin := time.Now()
	ref, err := name.ParseReference(endpoint + "/" + image)
	if err != nil {
		return 0, 0, err
	}
	connections := s.authority.Transport(s.dial)
	defer connections.CloseIdleConnections()
	once := remote.WithRetryBackoff(transport.Backoff{Steps: 1})
	img, err := remote.Image(ref, remote.WithContext(ctx), remote.WithTransport(connections), once)
	if err != nil {
		return 0, 0, err
	}
	digest, err := img.Digest()
	if err != nil {
		return 0, 0, err
	}
	if digest.String() != s.digest {
		return 0, 0, fmt.Errorf("the digest is %s, not %s", digest, s.digest)
	}
	layers, err := img.Layers()
	if err != nil {
		return 0, 0, err
	}
	for _, layer := range layers {
		n, err := read(layer)
		if err != nil {
			return 0, 0, err
		}
		size += n
	}
	return size, time.Since(begin), nil
}

// read reads a layer to its end, which is where its digest is checked.
func read(layer v1.Layer) (int64, error) {
	content, err := layer.Compressed()
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, content)
	if closeErr := content.Close(); err == nil {
		err = closeErr
	}
	return n, err
}

// dial resolves the name and takes the VPC's part: it carries the connection
// from the registry's address to where the registry really listens.
func (s *stage) dial(ctx context.Context, _, address string) (net.Conn, error) {
	if address != endpoint+":443" {
		return nil, fmt.Errorf("the demo has no route to %s", address)
	}
	addrs, _, err := s.resolve(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range []*registryServer{s.primary, s.standby} {
		if len(addrs) == 1 && r.addr == addrs[0] {
			return new(net.Dialer).DialContext(ctx, "tcp", r.Addr())
		}
	}
	return nil, fmt.Errorf("the demo has no route to %s", list(addrs))
}
