package dnsserver

import (
	"context"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/time/rate"
)

const (
	// maxRelayed is how many requests are relayed at once. Each has a goroutine
	// and a socket: when nobody above answers, more would only wait.
	maxRelayed = 64
	// relaysPerSecond leaves the node most of the 600 names outside of PrivateZone
	// that the VPC's DNS servers answer it in a second: a flood of random labels
	// must not use them up, and twice as many are asked where the first server fails.
	relaysPerSecond = 150
	// relayTimeout is how long clients wait, after which a reply is of no use.
	relayTimeout = 5 * time.Second
)

// A relay asks others for names below the endpoints, in the background and
// within bounds. All sockets share it.
type relay struct {
	ask    func(context.Context, *dns.Msg) (*dns.Msg, error)
	places chan struct{} // has one token for each request that is relayed
	rate   *rate.Limiter
}

// newRelay returns nil where there is nobody to ask.
func newRelay(ask func(context.Context, *dns.Msg) (*dns.Msg, error)) *relay {
	if ask == nil {
		return nil
	}
	return &relay{ask: ask, places: make(chan struct{}, maxRelayed), rate: rate.NewLimiter(relaysPerSecond, maxRelayed)}
}

// take takes a place for one request, or tells that there is none now.
func (r *relay) take() bool {
	select {
	case r.places <- struct{}{}:
	default:
		return false
	}
	if r.rate.Allow() {
		return true
	}
	r.free()
	return false
}

func (r *relay) free() { <-r.places }

// askBelow asks others about a request that answer has given a place, and
// returns the packed reply. When ctx ends there is none: the client does better
// to ask another server.
func (a *answerer) askBelow(ctx context.Context, req *dns.Msg) []byte {
	defer a.relay.free()
	until, done := context.WithTimeout(ctx, relayTimeout)
	defer done()
	got, err := a.relay.ask(until, req)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		got = nil
	}
	reply, rcode := packRelayed(req, got, a.proto)
	a.queries.of(rcode).Inc()
	return reply
}

// packRelayed packs what is relayed. Some records of foreign packets can be read
// and not be written, or not be read again: then SERVFAIL stands for all.
func packRelayed(req, got *dns.Msg, proto Protocol) (reply []byte, rcode int) {
	reply, rcode = pack(nil, relayed(req, got, proto))
	if rcode == noCode || new(dns.Msg).Unpack(reply) != nil {
		return pack(nil, relayed(req, nil, proto))
	}
	return reply, rcode
}

// relayed is the reply to a request for a name below an endpoint: what was said
// of it elsewhere, or without that SERVFAIL. It is the other's answer: AA, RA and AD
// are as they came, because a proxy is to be as transparent as it can (RFC 5625
// section 3). OPT is between neighbours, so the client gets ours (RFC 6891 section 6.1.1).
func relayed(req, got *dns.Msg, proto Protocol) *dns.Msg {
	reply, opts := beginReply(req)
	if got == nil {
		reply.Rcode = dns.RcodeServerFailure
		return fit(reply, opts, proto)
	}
	reply.Rcode = got.Rcode
	reply.Authoritative, reply.RecursionAvailable = got.Authoritative, got.RecursionAvailable
	reply.AuthenticatedData, reply.CheckingDisabled = got.AuthenticatedData, got.CheckingDisabled
	reply.Answer, reply.Ns = got.Answer, got.Ns
	for _, rr := range got.Extra {
		if rr.Header().Rrtype != dns.TypeOPT {
			reply.Extra = append(reply.Extra, rr)
		}
	}
	return fit(reply, opts, proto)
}
