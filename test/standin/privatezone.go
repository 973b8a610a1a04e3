package standin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/miekg/dns"
)

// PrivateZone is the VPC's DNS servers with PrivateZone's records, one address a name.
type PrivateZone struct {
	mutex   sync.RWMutex
	records map[string]netip.Addr
	servers []*dns.Server
	addrs   []string
	ended   sync.WaitGroup
}

// ServePrivateZone listens on UDP and TCP at each address, host:port. Names are
// written without a final dot.
func ServePrivateZone(ctx context.Context, records map[string]netip.Addr, addrs ...string) (*PrivateZone, error) {
	z := &PrivateZone{records: map[string]netip.Addr{}}
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
	var config net.ListenConfig
	packets, err := config.ListenPacket(ctx, "udp", addr)
	if err != nil {
		return err
	}
	// With port 0 both have the one that UDP was given.
	streams, err := config.Listen(ctx, "tcp", packets.LocalAddr().String())
	if err != nil {
		return errors.Join(err, packets.Close())
	}
	z.addrs = append(z.addrs, packets.LocalAddr().String())
	for _, server := range []*dns.Server{{PacketConn: packets, Handler: z}, {Listener: streams, Handler: z}} {
		z.servers = append(z.servers, server)
		z.ended.Go(func() { _ = server.ActivateAndServe() }) // ends with an error when the socket closes
	}
	return nil
}

// Addr is where the first server listens, host:port.
func (z *PrivateZone) Addr() string { return z.addrs[0] }

// Set makes a record, as an edit in PrivateZone's console does.
func (z *PrivateZone) Set(name string, addr netip.Addr) {
	z.mutex.Lock()
	defer z.mutex.Unlock()
	z.records[dns.CanonicalName(name)] = addr
}

// ServeDNS answers as PrivateZone does: authoritative, TTL 60.
func (z *PrivateZone) ServeDNS(w dns.ResponseWriter, request *dns.Msg) {
	reply := new(dns.Msg).SetReply(request)
	reply.Authoritative = true
	question := request.Question[0]
	z.mutex.RLock()
	addr, known := z.records[dns.CanonicalName(question.Name)]
	z.mutex.RUnlock()
	switch {
	case !known:
		reply.Rcode = dns.RcodeNameError
	case question.Qtype == dns.TypeA:
		reply.Answer = []dns.RR{&dns.A{
			Hdr: dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60},
			A:   addr.AsSlice(),
		}}
	}
	_ = w.WriteMsg(reply) // the asker has a timeout
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
