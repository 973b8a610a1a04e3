package dnsserver

import (
	"testing"

	"github.com/miekg/dns"
)

// FuzzReply takes any bytes for a packet: what unpacks gets a reply that packs,
// with its ID, within its size; only an answer gets none.
func FuzzReply(f *testing.F) {
	for _, packet := range seeds(f) {
		f.Add(packet)
	}
	s := NewSnapshot(zones())
	f.Fuzz(func(t *testing.T, packet []byte) {
		var req dns.Msg
		if req.Unpack(packet) != nil {
			return
		}
		for _, proto := range []Protocol{UDP, TCP} {
			for _, snapshot := range []*Snapshot{nil, s} {
				reply := Reply(snapshot, &req, proto)
				if (reply == nil) != req.Response {
					t.Fatalf("reply %v to a packet with QR %t", reply, req.Response)
				}
				if reply == nil {
					continue
				}
				if _, known := rcodes[reply.Rcode]; !known || reply.Id != req.Id || !reply.Response {
					t.Fatalf("the reply has code %d, ID %d, QR %t; the request has ID %d", reply.Rcode, reply.Id, reply.Response, req.Id)
				}
				packed, err := reply.Pack()
				if err != nil {
					t.Fatalf("%v: %s", err, reply)
				}
				if proto == UDP && len(packed) > udpSize {
					t.Fatalf("%d bytes over UDP", len(packed))
				}
				if proto == UDP && len(packed) > dns.MinMsgSize && req.IsEdns0() == nil {
					t.Fatalf("%d bytes over UDP to a client without EDNS", len(packed))
				}
				if err := new(dns.Msg).Unpack(packed); err != nil {
					t.Fatalf("%v: %s", err, reply)
				}
			}
		}
	})
}
