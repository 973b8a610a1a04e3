package dnsclient

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// ErrEmpty says that the name has addresses of neither family: it doesn't exist
// or has other records only. It is an error because an empty answer is never published.
var ErrEmpty = errors.New("it has no addresses")

// Client looks names up. It keeps nothing between lookups and may be shared.
type Client struct {
	servers []netip.AddrPort
	timeout time.Duration
}

// New returns a client that asks the servers in their order. The timeout is for
// one question to one server. It is asked again with a timeout of its own over TCP
// where the reply is truncated, and without EDNS where the server knows none.
func New(servers []netip.AddrPort, timeout time.Duration) *Client {
	return &Client{servers: slices.Clone(servers), timeout: timeout}
}

// Lookup returns all addresses of the name, IPv4 first, each family sorted so
// that servers that rotate their answers make no difference, and the TTL of the
// whole: the least of all records and negative answers that led to it, not
// clamped. Records.CNAME is the name that the name itself is an alias of.
//
// The answer is complete or an error: the failure of one family fails the whole.
// Errors are one sentence with the name and the servers; ErrEmpty is one of them.
func (c *Client) Lookup(ctx context.Context, name string) (zone.Records, time.Duration, error) {
	asked := dns.CanonicalName(name)
	if _, valid := dns.IsDomainName(name); !valid || name == "." {
		return zone.Records{}, 0, fmt.Errorf("could not look up %q: it is no DNS name", name)
	}
	var v4, v6 chain
	both, both4and6 := errgroup.WithContext(ctx)
	both.Go(func() (err error) { v4, err = c.follow(both4and6, asked, dns.TypeA); return err })
	both.Go(func() (err error) { v6, err = c.follow(both4and6, asked, dns.TypeAAAA); return err })
	if err := both.Wait(); err != nil {
		return zone.Records{}, 0, fmt.Errorf("could not look up %s at %s: %w", bare(asked), join(c.servers), err)
	}
	records, ttl, err := combine(v4, v6)
	if err != nil {
		return zone.Records{}, 0, fmt.Errorf("could not look up %s at %s: %w", bare(asked), join(answered(v4, v6)), err)
	}
	return records, ttl, nil
}

func combine(v4, v6 chain) (zone.Records, time.Duration, error) {
	records := zone.Records{CNAME: v4.cname, Addrs: slices.Concat(v4.addrs, v6.addrs)}
	if v4.cname == "" && len(v4.addrs) == 0 {
		records.CNAME = v6.cname // a server that denies the name for A alone has shown no chain
	}
	switch n := len(records.Addrs); {
	case n == 0:
		return zone.Records{}, 0, ErrEmpty
	case n > zone.MaxAddrs:
		return zone.Records{}, 0, fmt.Errorf("it has %d addresses: at most %d are taken", n, zone.MaxAddrs)
	}
	return records, min(v4.ttl, v6.ttl), nil
}

// answered are the servers that the two families were answered by.
func answered(v4, v6 chain) []netip.AddrPort {
	if v4.server == v6.server {
		return []netip.AddrPort{v4.server}
	}
	return []netip.AddrPort{v4.server, v6.server}
}

func join(servers []netip.AddrPort) string {
	texts := make([]string, len(servers))
	for i, s := range servers {
		texts[i] = s.String()
	}
	return strings.Join(texts, ", ")
}

// bare is a name as everything outside of DNS packets writes it.
func bare(name string) string { return strings.TrimSuffix(name, ".") }
