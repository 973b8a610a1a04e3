package dnsclient

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// maxSteps is how often the target of a CNAME is asked for because its
// addresses were not in the same packet.
const maxSteps = 8

// chain is what one family of addresses looks like, from a name to its end.
type chain struct {
	cname  string // the first CNAME's target, without the final dot; empty without a CNAME
	addrs  []netip.Addr
	ttl    time.Duration  // the least that was met
	server netip.AddrPort // which answered last
}

// follow asks for one family and follows CNAMEs to their end. An empty result
// means that a server said so.
func (c *Client) follow(ctx context.Context, name string, qtype uint16) (chain, error) {
	found := chain{ttl: math.MaxInt64}
	seen := map[string]bool{name: true}
	at := name
	for range maxSteps + 1 {
		reply, server, err := c.ask(ctx, new(dns.Msg).SetQuestion(at, qtype).SetEdns0(udpSize, false))
		if err != nil {
			return chain{}, fmt.Errorf("%s%s: %w", dns.TypeToString[qtype], through(name, at), err)
		}
		found.server = server
		asked := at
		if at, err = found.read(reply, asked, qtype, seen); err != nil {
			return chain{}, fmt.Errorf("%s: %w", dns.TypeToString[qtype], err)
		}
		// With NXDOMAIN the end of the chain is what doesn't exist (RFC 6604).
		if len(found.addrs) > 0 || at == asked || reply.Rcode == dns.RcodeNameError {
			return found, nil
		}
	}
	return chain{}, fmt.Errorf("%s: the chain of CNAMEs goes on after %d further questions: shorten it", dns.TypeToString[qtype], maxSteps)
}

// read takes from one packet what belongs to the name: CNAMEs as far as they
// go, then the addresses of the name where they end, which it returns. Records
// of other names are passed over, so that a packet can't say anything about them.
func (f *chain) read(reply *dns.Msg, name string, qtype uint16, seen map[string]bool) (string, error) {
	aliases := map[string]*dns.CNAME{}
	for _, rr := range reply.Answer {
		if alias, is := rr.(*dns.CNAME); is && rr.Header().Class == dns.ClassINET {
			aliases[dns.CanonicalName(alias.Hdr.Name)] = alias
		}
	}
	for alias := aliases[name]; alias != nil; alias = aliases[name] {
		name = dns.CanonicalName(alias.Target)
		if seen[name] {
			return "", fmt.Errorf("the CNAMEs lead in a circle at %s", bare(name))
		}
		seen[name] = true
		if f.cname == "" {
			f.cname = bare(name)
		}
		f.lower(alias.Hdr.Ttl)
	}
	for _, rr := range reply.Answer {
		if rr.Header().Class != dns.ClassINET || rr.Header().Rrtype != qtype || dns.CanonicalName(rr.Header().Name) != name {
			continue
		}
		addr, err := address(rr)
		if err != nil {
			return "", err
		}
		f.addrs = append(f.addrs, addr)
		f.lower(rr.Header().Ttl)
	}
	slices.SortFunc(f.addrs, netip.Addr.Compare)
	f.addrs = slices.Compact(f.addrs)
	if len(f.addrs) == 0 {
		f.lowerToNegative(reply)
	}
	return name, nil
}

func address(rr dns.RR) (netip.Addr, error) {
	var ip []byte
	switch rr := rr.(type) {
	case *dns.A:
		ip = rr.A.To4()
	case *dns.AAAA:
		ip = rr.AAAA.To16()
	}
	addr, ok := netip.AddrFromSlice(ip)
	if !ok {
		return netip.Addr{}, errors.New("an address record holds no address")
	}
	return addr.Unmap(), nil
}

// lowerToNegative takes the time that a negative answer may be kept (RFC 2308
// section 5): the lesser of the SOA's own TTL and its minimum.
func (f *chain) lowerToNegative(reply *dns.Msg) {
	for _, rr := range reply.Ns {
		if soa, is := rr.(*dns.SOA); is {
			f.lower(soa.Hdr.Ttl)
			f.lower(soa.Minttl)
		}
	}
}

// lower takes a TTL in seconds. One with the highest bit counts as 0 (RFC 2181 section 8).
func (f *chain) lower(ttl uint32) {
	if ttl > math.MaxInt32 {
		ttl = 0
	}
	f.ttl = min(f.ttl, time.Duration(ttl)*time.Second)
}

func through(name, at string) string {
	if at == name {
		return ""
	}
	return " of its CNAME " + bare(at)
}
