package dnsserver

import (
	"github.com/miekg/dns"
)

// Protocol is how a request came.
type Protocol string

const (
	UDP Protocol = "udp"
	TCP Protocol = "tcp"
)

// udpSize is the largest UDP message that is sent and that is asked for: it
// crosses every usual path without fragments (DNS flag day 2020).
const udpSize = 1232

// Reply computes what a request gets: a function of its arguments alone, which
// are not changed. Nil means that no reply may be sent. A nil snapshot, before
// anything was published, gives SERVFAIL.
//
// The reply shares records with the snapshot: callers pack it and change nothing.
func Reply(s *Snapshot, req *dns.Msg, proto Protocol) *dns.Msg {
	if req.Response {
		return nil // answering an answer starts a loop
	}
	reply, opts := beginReply(req)
	if reply.Rcode = refusal(req, opts); reply.Rcode == dns.RcodeSuccess {
		s.answer(reply, req.Question[0])
	}
	return fit(reply, opts, proto)
}

// beginReply returns a reply without records but OPT, and the request's OPT records.
func beginReply(req *dns.Msg) (*dns.Msg, []*dns.OPT) {
	reply := &dns.Msg{MsgHdr: replyHeader(req)}
	if len(req.Question) == 1 {
		reply.Question = req.Question[:1:1]
	}
	opts := optRecords(req)
	if len(opts) > 0 {
		reply.Extra = []dns.RR{ownOPT(opts[0])}
	}
	return reply, opts
}

// fit leaves out what the client can't take.
func fit(reply *dns.Msg, opts []*dns.OPT, proto Protocol) *dns.Msg {
	reply.Truncate(sizeLimit(opts, proto))
	reply.Compress = true // Truncate clears it where all fits without
	return reply
}

// replyHeader has what every reply takes from its request.
func replyHeader(req *dns.Msg) dns.MsgHdr {
	return dns.MsgHdr{Id: req.Id, Response: true, Opcode: req.Opcode, RecursionDesired: req.RecursionDesired}
}

// refusal is the response code of a request that no zone needs to be looked at
// for, else success. The order is that of trust: opcode before section counts,
// which other opcodes use in their own way, and both before their content.
func refusal(req *dns.Msg, opts []*dns.OPT) int {
	switch {
	case req.Opcode != dns.OpcodeQuery:
		return dns.RcodeNotImplemented
	case len(req.Question) != 1: // RFC 9619
		return dns.RcodeFormatError
	case len(opts) > 1: // RFC 6891 section 6.1.1
		return dns.RcodeFormatError
	case len(opts) == 1 && opts[0].Version() != 0: // RFC 6891 section 6.1.3
		return dns.RcodeBadVers
	case req.Question[0].Qclass != dns.ClassINET:
		return dns.RcodeRefused
	case req.Question[0].Qtype == dns.TypeAXFR, req.Question[0].Qtype == dns.TypeIXFR:
		return dns.RcodeRefused
	}
	return dns.RcodeSuccess
}

func (s *Snapshot) answer(reply *dns.Msg, q dns.Question) {
	if s == nil {
		reply.Rcode = dns.RcodeServerFailure
		return
	}
	name := dns.CanonicalName(q.Name)
	z := s.find(name)
	switch {
	case z == nil:
		// Never silence: CoreDNS probes the health of its upstreams with ". NS".
		reply.Rcode = dns.RcodeRefused
		return
	case !z.known:
		reply.Rcode = dns.RcodeServerFailure
		return
	case name == z.name:
		reply.Answer = spell(z.answers[q.Qtype], z.name, q.Name)
	case name != z.nsName:
		reply.Rcode = dns.RcodeNameError
	}
	reply.Authoritative = true
	if len(reply.Answer) == 0 {
		reply.Ns = []dns.RR{z.soa} // RFC 2308: NODATA and NXDOMAIN carry it
	}
}

// spell gives the records of a zone's own name the upper and lower case of the
// question (DNS 0x20): resolvers that mix it compare, and only equal names compress.
func spell(records []dns.RR, own, asked string) []dns.RR {
	if own == asked {
		return records
	}
	spelt := make([]dns.RR, len(records))
	for i, rr := range records {
		if rr.Header().Name == own {
			rr = dns.Copy(rr)
			rr.Header().Name = asked
		}
		spelt[i] = rr
	}
	return spelt
}
