package dnsserver

import (
	"bytes"
	"strings"

	"github.com/miekg/dns"
)

// packedReplies are replies to what nearly all clients ask, A and AAAA at a
// zone's own name, made when the snapshot is. The key is that name as it is in
// a packet, in lower case.
type packedReplies map[string]*zoneReplies

// zoneReplies has the replies to A and AAAA, without OPT and with it.
type zoneReplies [2][2]packedReply

// packedReply is the reply to a query with the ID 0, without RD and without DO.
type packedReply struct {
	message []byte
	size    int  // by which the plain path decides what fits
	anyCase bool // the question alone depends on how its name is spelt
}

// of returns the reply to a query, nil when none is packed ahead for its type.
func (z *zoneReplies) of(qtype uint16, edns bool) *packedReply {
	withOPT := 0
	if edns {
		withOPT = 1
	}
	switch qtype {
	case dns.TypeA:
		return &z[0][withOPT]
	case dns.TypeAAAA:
		return &z[1][withOPT]
	}
	return nil
}

// add takes the replies for a zone from the plain path, so that they are equal.
// A zone that no reply can be packed for is left to it.
func (p packedReplies) add(s *Snapshot, z *served) {
	if !z.known {
		return
	}
	var replies zoneReplies
	var key string
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		for _, edns := range []bool{false, true} {
			lower, size := packReply(s, z.name, qtype, edns)
			upper, upperSize := packReply(s, strings.ToUpper(z.name), qtype, edns)
			if lower == nil || upper == nil {
				return
			}
			// A name that ends like the question's is written as a pointer into
			// it, but only where both are spelt alike.
			question := headerSize + nameSize(lower[headerSize:])
			*replies.of(qtype, edns) = packedReply{
				message: lower, size: size,
				anyCase: size == upperSize && bytes.Equal(lower[question:], upper[question:]),
			}
			key = string(lower[headerSize:question])
		}
	}
	p[key] = &replies
}

// packReply returns nil when a reply doesn't pack, or not as a whole.
func packReply(s *Snapshot, name string, qtype uint16, edns bool) (message []byte, size int) {
	req := &dns.Msg{Question: []dns.Question{{Name: name, Qtype: qtype, Qclass: dns.ClassINET}}}
	if edns {
		req.SetEdns0(udpSize, false)
	}
	reply := Reply(s, req, TCP)
	message, err := reply.Pack()
	if err != nil || reply.Truncated {
		return nil, 0
	}
	return message, reply.Len()
}
