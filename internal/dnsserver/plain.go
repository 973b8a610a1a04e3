package dnsserver

import "github.com/miekg/dns"

// noCode stands for the response code of a packet that gets no reply.
const noCode = -1

// plain appends the reply to any packet, and tells its response code: noCode
// where nothing may be sent, and nothing is appended. [fast] must agree with it.
func plain(out []byte, s *Snapshot, packet []byte, proto Protocol) (reply []byte, rcode int) {
	_, answer := read(s, packet, proto)
	return pack(out, answer)
}

// read parses a packet and returns it with the reply to it; nil where nothing
// may be sent.
func read(s *Snapshot, packet []byte, proto Protocol) (req, reply *dns.Msg) {
	const qr = 0x80
	if len(packet) < headerSize || packet[2]&qr != 0 {
		// Before parsing: a broken answer must not get FORMERR either.
		return nil, nil
	}
	req = new(dns.Msg)
	if err := req.Unpack(packet); err != nil {
		broken := &dns.Msg{MsgHdr: replyHeader(req)}
		broken.Rcode = dns.RcodeFormatError
		if req.Opcode != dns.OpcodeQuery { // what follows its header may have a form of its own
			broken.Rcode = dns.RcodeNotImplemented
		}
		return req, broken
	}
	return req, Reply(s, req, proto)
}

// pack appends a reply, and tells its response code as [plain] does.
func pack(out []byte, reply *dns.Msg) ([]byte, int) {
	if reply == nil {
		return out, noCode
	}
	packed, err := reply.Pack()
	if err != nil {
		return out, noCode // NewSnapshot makes only records that pack
	}
	return append(out, packed...), reply.Rcode
}
