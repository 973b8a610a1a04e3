package prober

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/dnsclient"
	"github.com/registry-failover/registry-failover/internal/nodehosts"
)

// NodeNames looks names up as the container runtime of the node does: by the node's hosts
// file, then by its DNS servers. A pod's own hosts file is a copy of the node's from when
// its container started.
type NodeNames struct {
	// HostsFile is the node's; it is read at each lookup.
	HostsFile string
	// DNS gives all addresses that the node's DNS servers have of a name, and asks each
	// only so long. Nil asks those of resolv.conf(5).
	DNS func(ctx context.Context, name string, each time.Duration) ([]netip.Addr, error)
}

// A lookup is what a name leads to on the node.
type lookup struct {
	addrs []netip.Addr
	// pinned says that the hosts file has them.
	pinned bool
	err    error
}

// same says that both lead to the same addresses, in whatever order.
func (l lookup) same(other lookup) bool {
	return l.pinned == other.pinned && slices.Equal(sorted(l.addrs), sorted(other.addrs))
}

func sorted(addrs []netip.Addr) []netip.Addr {
	return slices.SortedFunc(slices.Values(addrs), netip.Addr.Compare)
}

// by tells who has given the addresses.
func (l lookup) by() string {
	if l.pinned {
		return "by the node's hosts file"
	}
	return "by the node's DNS"
}

// pinned is what the hosts file alone says.
func (n NodeNames) pinned(name string) lookup {
	addrs, err := nodehosts.Addrs(n.HostsFile, name)
	return lookup{addrs, len(addrs) > 0, err}
}

// lookup takes at most so long, of which each DNS server has its share.
func (n NodeNames) lookup(ctx context.Context, name string, limit time.Duration) lookup {
	if l := n.pinned(name); l.pinned || l.err != nil {
		return l
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ask := n.DNS
	if ask == nil {
		ask = askSystem
	}
	addrs, err := ask(ctx, name, limit/servers)
	return lookup{addrs: addrs, err: err}
}

// resolvConf names the node's DNS servers, in a pod that has the node's.
const resolvConf = "/etc/resolv.conf"

// askSystem tells errors in words that are the same on every node.
func askSystem(ctx context.Context, name string, each time.Duration) ([]netip.Addr, error) {
	file, err := os.Open(resolvConf)
	if err != nil {
		return nil, fmt.Errorf("the node's DNS servers aren't known: %w", err)
	}
	defer file.Close()
	all, err := dnsclient.SystemServers(file)
	if err != nil {
		return nil, err
	}
	records, _, err := dnsclient.New(all, each).Lookup(ctx, name)
	switch {
	case errors.Is(err, dnsclient.ErrEmpty):
		return nil, dnsclient.ErrEmpty
	case err != nil:
		return nil, errors.New("none of the node's DNS servers gives an answer")
	}
	return records.Addrs, nil
}
