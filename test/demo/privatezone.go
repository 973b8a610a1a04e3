package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/miekg/dns"
)

// privateZone is the VPC's DNS with PrivateZone's records: one address a name.
type privateZone struct {
	addr    string
	records map[string]netip.Addr
	server  *dns.Server
	ended   chan error
}

func startPrivateZone(records map[string]netip.Addr) (*privateZone, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	z := &privateZone{addr: conn.LocalAddr().String(), records: records, ended: make(chan error, 1)}
	started := make(chan struct{})
	z.server = &dns.Server{PacketConn: conn, Handler: z, NotifyStartedFunc: func() { close(started) }}
	go func() { z.ended <- z.server.ActivateAndServe() }()
	select {
	case <-started:
		return z, nil
	case err := <-z.ended:
		return nil, err
	}
}

// ServeDNS answers as PrivateZone does: authoritative, TTL 60.
func (z *privateZone) ServeDNS(w dns.ResponseWriter, request *dns.Msg) {
	reply := new(dns.Msg).SetReply(request)
	reply.Authoritative = true
	question := request.Question[0]
	addr, known := z.records[dns.CanonicalName(question.Name)[:len(question.Name)-1]]
	switch {
	case !known:
		reply.Rcode = dns.RcodeNameError
	case question.Qtype == dns.TypeA:
		reply.Answer = []dns.RR{&dns.A{
			Hdr: dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60},
			A:   addr.AsSlice(),
		}}
	}
	_ = w.WriteMsg(reply)
}

func (z *privateZone) stop() {
	_ = z.server.Shutdown()
	<-z.ended
}

// lookup asks a DNS server for the addresses of the shared endpoint.
func lookup(ctx context.Context, server string) ([]netip.Addr, error) {
	question := new(dns.Msg).SetQuestion(endpoint+".", dns.TypeA)
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
