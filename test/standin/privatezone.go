package standin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/miekg/dns"
)

// A ProxyPattern says what becomes of a name that a zone doesn't have.
type ProxyPattern string

const (
	// ProxyZone is PrivateZone's ZONE: the name doesn't exist.
	ProxyZone ProxyPattern = "ZONE"
	// ProxyRecord is RECORD: the name is looked up further, in public DNS.
	ProxyRecord ProxyPattern = "RECORD"
)

// PrivateZone is the VPC's DNS servers with PrivateZone's records, one address a
// name. What no zone is for is looked up in public DNS, which has nothing at first.
type PrivateZone struct {
	mutex   sync.RWMutex
	records map[string]netip.Addr
	public  map[string]netip.Addr
	zones   map[string]ProxyPattern
	queries atomic.Int64
	instead atomic.Pointer[dns.HandlerFunc]
	servers []*dns.Server
	addrs   []string
	ended   sync.WaitGroup
}

// ServePrivateZone listens on UDP and TCP at each address, host:port. Names are
// written without a final dot.
func ServePrivateZone(ctx context.Context, records map[string]netip.Addr, addrs ...string) (*PrivateZone, error) {
	z := &PrivateZone{records: map[string]netip.Addr{}, public: map[string]netip.Addr{}, zones: map[string]ProxyPattern{}}
	for name, addr := range records {
		z.Set(name, addr)
	}
	for _, addr := range addrs {
		if err := z.listen(ctx, addr); err != nil {
			return nil, errors.Join(fmt.Errorf("could not listen as the VPC's DNS: %w", err), z.Close())
		}
	}
	return z, nil
}

func (z *PrivateZone) listen(ctx context.Context, addr string) error {
	packets, streams, err := listenBoth(ctx, addr)
	for tries := 1; errors.Is(err, syscall.EADDRINUSE) && strings.HasSuffix(addr, ":0") && tries < 20; tries++ {
		packets, streams, err = listenBoth(ctx, addr)
	}
	if err != nil {
		return err
	}
	z.addrs = append(z.addrs, packets.LocalAddr().String())
	for _, server := range []*dns.Server{{PacketConn: packets, Handler: z}, {Listener: streams, Handler: z}} {
		z.servers = append(z.servers, server)
		z.ended.Go(func() { _ = server.ActivateAndServe() }) // ends with an error when the socket closes
	}
	return nil
}

// listenBoth listens over UDP and TCP. With port 0 both have the one that UDP was given,
// which somebody may have over TCP.
func listenBoth(ctx context.Context, addr string) (net.PacketConn, net.Listener, error) {
	var config net.ListenConfig
	packets, err := config.ListenPacket(ctx, "udp", addr)
	if err != nil {
		return nil, nil, err
	}
	streams, err := config.Listen(ctx, "tcp", packets.LocalAddr().String())
	if err != nil {
		return nil, nil, errors.Join(err, packets.Close())
	}
	return packets, streams, nil
}

// Addr is where the first server listens, host:port.
func (z *PrivateZone) Addr() string { return z.addrs[0] }

// Misbehave does something else than answer; nil ends that.
func (z *PrivateZone) Misbehave(instead dns.HandlerFunc) {
	if instead == nil {
		z.instead.Store(nil)
		return
	}
	z.instead.Store(&instead)
}

// Queries is how many have come so far.
func (z *PrivateZone) Queries() int64 { return z.queries.Load() }

// Set makes a record, as an edit in PrivateZone's console does.
func (z *PrivateZone) Set(name string, addr netip.Addr) {
	z.mutex.Lock()
	defer z.mutex.Unlock()
	z.records[dns.CanonicalName(name)] = addr
}

// Remove takes a record away.
func (z *PrivateZone) Remove(name string) {
	z.mutex.Lock()
	defer z.mutex.Unlock()
	delete(z.records, dns.CanonicalName(name))
}

// SetZone makes a zone, or gives it another proxy pattern.
func (z *PrivateZone) SetZone(name string, pattern ProxyPattern) {
	z.mutex.Lock()
	defer z.mutex.Unlock()
	z.zones[dns.CanonicalName(name)] = pattern
}

// SetPublic makes a record in public DNS.
func (z *PrivateZone) SetPublic(name string, addr netip.Addr) {
	z.mutex.Lock()
	defer z.mutex.Unlock()
	z.public[dns.CanonicalName(name)] = addr
}

// ServeDNS answers as the VPC's DNS does: TTL 60, recursion on offer, and with
// authority where PrivateZone says it.
func (z *PrivateZone) ServeDNS(w dns.ResponseWriter, request *dns.Msg) {
	z.queries.Add(1)
	if instead := z.instead.Load(); instead != nil {
		(*instead)(w, request)
		return
	}
	reply := new(dns.Msg).SetReply(request)
	reply.RecursionAvailable = true
	question := request.Question[0]
	var addr netip.Addr
	addr, reply.Authoritative = z.find(dns.CanonicalName(question.Name))
	switch {
	case !addr.IsValid():
		reply.Rcode = dns.RcodeNameError
	case question.Qtype == dns.TypeA:
		reply.Answer = []dns.RR{&dns.A{
			Hdr: dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60},
			A:   addr.AsSlice(),
		}}
	}
	_ = w.WriteMsg(reply) // the asker has a timeout
}

// find returns the address of a name, none where there is no such name, and
// whether PrivateZone said so.
func (z *PrivateZone) find(name string) (addr netip.Addr, private bool) {
	z.mutex.RLock()
	defer z.mutex.RUnlock()
	if addr, known := z.records[name]; known {
		return addr, true
	}
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if pattern, known := z.zones[name[off:]]; known {
			if pattern == ProxyZone {
				return netip.Addr{}, true
			}
			break
		}
	}
	return z.public[name], false
}

// Reopen listens again, at the same addresses and with the same records, after Close.
func (z *PrivateZone) Reopen(ctx context.Context) error {
	addrs := z.addrs
	z.addrs, z.servers = nil, nil
	for _, addr := range addrs {
		if err := z.listen(ctx, addr); err != nil {
			return fmt.Errorf("could not listen again as the VPC's DNS: %w", err)
		}
	}
	return nil
}

// Close ends all servers.
func (z *PrivateZone) Close() error {
	for _, server := range z.servers {
		if server.Listener != nil {
			_ = server.Listener.Close()
		} else {
			_ = server.PacketConn.Close()
		}
	}
	z.ended.Wait()
	return nil
}

// Lookup asks a DNS server, host:port, for the IPv4 addresses of a name.
func Lookup(ctx context.Context, server, name string) ([]netip.Addr, error) {
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA)
	reply, _, err := new(dns.Client).ExchangeContext(ctx, question, server)
	if err != nil {
		return nil, err
	}
	if reply.Rcode != dns.RcodeSuccess {
		return nil, fmt.Errorf("the DNS server answers %s", dns.RcodeToString[reply.Rcode])
	}
	var addrs []netip.Addr
	for _, rr := range reply.Answer {
		if a, ok := rr.(*dns.A); ok {
			if addr, ok := netip.AddrFromSlice(a.A); ok {
				addrs = append(addrs, addr.Unmap())
			}
		}
	}
	return addrs, nil
}
