package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/miekg/dns"
)

// servePrivateZone answers as the VPC's DNS servers do, until ctx ends: the
// endpoint leads to the primary, every other name to a documentation address.
func servePrivateZone(ctx context.Context) (addr string, err error) {
	var config net.ListenConfig
	socket, err := config.ListenPacket(ctx, "udp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("could not listen as the VPC's DNS: %w", err)
	}
	upstream := &dns.Server{PacketConn: socket, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, request *dns.Msg) {
		reply := new(dns.Msg).SetReply(request)
		for _, q := range request.Question {
			if q.Qtype != dns.TypeA {
				continue
			}
			address := "192.0.2.1"
			if strings.EqualFold(q.Name, endpoint+".") {
				address = instances[1].address
			}
			reply.Answer = append(reply.Answer, &dns.A{
				Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60},
				A:   net.ParseIP(address),
			})
		}
		_ = w.WriteMsg(reply) // the asker has a timeout
	})}
	go func() { _ = upstream.ActivateAndServe() }() // ends with an error when the socket closes
	context.AfterFunc(ctx, func() { _ = socket.Close() })
	return socket.LocalAddr().String(), nil
}
