package dnsserver

import "github.com/miekg/dns"

// noCode stands for the response code of a packet that gets no reply.
const noCode = -1

// plain appends the reply to any packet, and tells its response code: noCode
// where nothing may be sent, and nothing is appended. [fast] must agree with it.
func plain(out []byte, s *Snapshot, packet []byte, proto Protocol) (reply []byte, rcode int) {
	const qr = 0x80
	if len(packet) < headerSize || packet[2]&qr != 0 {
		// Before parsing: a broken answer must not get FORMERR either.
		return out, noCode
	}
	var req, broken dns.Msg
	answer := &broken
	if err := req.Unpack(packet); err != nil {
		broken.MsgHdr = replyHeader(&req)
		broken.Rcode = dns.RcodeFormatError
	} else {
		answer = Reply(s, &req, proto)
	}
	packed, err := answer.Pack()
	if err != nil {
		return out, noCode // NewSnapshot makes only records that pack
	}
	return append(out, packed...), answer.Rcode
}
