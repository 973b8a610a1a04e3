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
	relay    *relay // nil where nobody else is asked
}

// answer appends the reply to a packet; nothing when it gets none, or gets it
// later: then below is the request, and [answerer.askBelow] must be called with it.
func (a *answerer) answer(out, packet []byte) (reply []byte, below *dns.Msg) {
	s := a.snapshot.Load()
	out, done := fast(out, s, packet, a.proto)
	if done {
		a.queries.of(dns.RcodeSuccess).Inc()
		return out, nil
	}
	req, answer := read(s, packet, a.proto)
	// A name that doesn't exist here is one below an endpoint.
	if a.relay != nil && answer != nil && answer.Rcode == dns.RcodeNameError {
		if a.relay.take() {
			return out, req
		}
		answer = relayed(req, nil, a.proto)
	}
	return a.pack(out, answer), nil
}

func (a *answerer) pack(out []byte, answer *dns.Msg) []byte {
	out, rcode := pack(out, answer)
	a.queries.of(rcode).Inc()
	return out
}
