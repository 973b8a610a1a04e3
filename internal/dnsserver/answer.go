package dnsserver

import (
	"sync/atomic"

	"github.com/miekg/dns"
)

// An answerer turns the packets of one protocol into replies, from what was
// published last, and counts them. It never waits, so whoever reads packets
// answers them at once: there is no queue that could grow.
type answerer struct {
	snapshot *atomic.Pointer[Snapshot]
	proto    Protocol
	queries  *queryCounters
}

// answer appends the reply to a packet; nothing when it gets none.
func (a *answerer) answer(out, packet []byte) []byte {
	s := a.snapshot.Load()
	out, done := fast(out, s, packet, a.proto)
	rcode := dns.RcodeSuccess
	if !done {
		out, rcode = plain(out, s, packet, a.proto)
	}
	a.queries.of(rcode).Inc()
	return out
}
