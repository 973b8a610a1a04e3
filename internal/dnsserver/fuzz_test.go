package dnsserver

import (
	"maps"
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

// FuzzRelayed takes any bytes for what a server above has sent: what unpacks is
// relayed as a reply that can be read, with the client's ID and question, within its size.
func FuzzRelayed(f *testing.F) {
	table := conformance()
	maps.Copy(table, conformanceBelow())
	for _, test := range table {
		request, err := test.request.Pack()
		if err != nil {
			f.Fatal(err)
		}
		for _, proto := range []Protocol{UDP, TCP} {
			reply, _ := plain(nil, NewSnapshot(zones()), request, proto)
			f.Add(request, reply)
		}
	}
	f.Fuzz(func(t *testing.T, packet, above []byte) {
		var req, got dns.Msg
		if req.Unpack(packet) != nil || refusal(&req, optRecords(&req)) != dns.RcodeSuccess {
			return // such a request isn't relayed
		}
		if got.Unpack(above) != nil || got.Rcode != dns.RcodeSuccess && got.Rcode != dns.RcodeNameError {
			return // that isn't taken for a reply
		}
		for _, proto := range []Protocol{UDP, TCP} {
			packed, _ := packRelayed(&req, &got, proto)
			if len(packed) > sizeLimit(optRecords(&req), proto) {
				t.Fatalf("%d bytes over %s", len(packed), proto)
			}
			var back dns.Msg
			if err := back.Unpack(packed); err != nil {
				t.Fatalf("%v: %s", err, &got)
			}
			if back.Id != req.Id || !back.Response || back.Question[0] != req.Question[0] || (back.IsEdns0() == nil) != (req.IsEdns0() == nil) {
				t.Fatalf("%s\nis a reply to\n%s", &back, &req)
			}
		}
	})
}
