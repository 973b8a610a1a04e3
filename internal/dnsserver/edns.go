package dnsserver

import "github.com/miekg/dns"

// optRecords are the request's OPT records; more than one is an error of the client.
func optRecords(req *dns.Msg) []*dns.OPT {
	var opts []*dns.OPT
	for _, rr := range req.Extra {
		if opt, is := rr.(*dns.OPT); is {
			opts = append(opts, opt)
		}
	}
	return opts
}

// ownOPT is the reply's OPT record (RFC 6891): version 0, our UDP size, DO as
// the client set it (RFC 3225), no options, because none of them is known here.
func ownOPT(asked *dns.OPT) *dns.OPT {
	opt := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}}
	opt.SetUDPSize(udpSize)
	opt.SetDo(asked.Do())
	return opt
}

// sizeLimit is how many bytes the reply may have.
func sizeLimit(opts []*dns.OPT, proto Protocol) int {
	switch {
	case proto == TCP:
		return dns.MaxMsgSize
	case len(opts) == 0:
		return dns.MinMsgSize // RFC 1035 section 4.2.1
	}
	return clientLimit(opts[0].UDPSize())
}

// clientLimit is the limit over UDP for a client that says what it takes.
func clientLimit(size uint16) int {
	return min(max(int(size), dns.MinMsgSize), udpSize)
}
