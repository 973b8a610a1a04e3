package dnsserver

import (
	"bytes"
	"encoding/binary"

	"github.com/miekg/dns"
)

const (
	headerSize = 12
	optSize    = 11   // of an OPT record without options
	doBit      = 0x80 // in byte optFlags of an OPT record
	optFlags   = 7
)

// fast appends the reply to a packet that asks for what is packed ahead, and
// tells whether it did. A request that differs in anything but its ID, flags,
// the case of the name, the UDP size and DO isn't one, and [plain] knows what it gets.
func fast(out []byte, s *Snapshot, packet []byte, proto Protocol) ([]byte, bool) {
	const (
		qrAndOpcode = 0xf8
		rd          = 0x01
	)
	if s == nil || len(packet) < headerSize || packet[2]&qrAndOpcode != 0 {
		return out, false
	}
	edns, ok := oneQuestion(packet)
	name := packet[headerSize:]
	name = name[:nameSize(name)]
	rest := packet[headerSize+len(name):] // type, class, OPT
	if !ok || len(name) == 0 || len(rest) < 4 || binary.BigEndian.Uint16(rest[2:]) != dns.ClassINET {
		return out, false
	}
	limit, do, ok := optWithoutOptions(rest[4:], edns)
	if !ok {
		return out, false
	}
	if proto == TCP {
		limit = dns.MaxMsgSize
	}

	var buffer [maxName]byte
	lower := appendLower(buffer[:0], name)
	zone := s.packed[string(lower)]
	if zone == nil {
		return out, false
	}
	reply := zone.of(binary.BigEndian.Uint16(rest), edns)
	if reply == nil || reply.size > limit || !reply.anyCase && !bytes.Equal(name, lower) {
		return out, false
	}
	begin := len(out)
	out = append(out, reply.message...)
	message := out[begin:]
	copy(message, packet[:2])
	message[2] |= packet[2] & rd
	copy(message[headerSize:], name)
	if do {
		message[len(message)-optSize+optFlags] |= doBit
	}
	return out, true
}

// oneQuestion tells whether the header promises one question, and at most one
// record after it, as the only one of the additional section.
func oneQuestion(packet []byte) (additional, ok bool) {
	const question, record = 1 << 48, 1
	counts := binary.BigEndian.Uint64(packet[4:])
	return counts&record != 0, counts&^record == question
}

// optWithoutOptions reads the end of a query: nothing, or an OPT record of
// version 0 without options.
func optWithoutOptions(b []byte, edns bool) (limit int, do, ok bool) {
	if !edns {
		return dns.MinMsgSize, false, len(b) == 0
	}
	const version = 6
	if len(b) != optSize || b[0] != 0 || binary.BigEndian.Uint16(b[1:]) != dns.TypeOPT ||
		b[version] != 0 || b[optSize-2] != 0 || b[optSize-1] != 0 {
		return 0, false, false
	}
	return clientLimit(binary.BigEndian.Uint16(b[3:])), b[optFlags]&doBit != 0, true
}

const maxLabel, maxName = 63, 255

// nameSize is how many bytes the name takes that b begins with; 0 when it is
// cut off, too long, or has anything but labels.
func nameSize(b []byte) int {
	for i := 0; i < min(len(b), maxName); i += 1 + int(b[i]) {
		switch {
		case b[i] == 0:
			return i + 1
		case b[i] > maxLabel:
			return 0
		}
	}
	return 0
}

// appendLower appends a name in lower case. The lengths of labels stay, as they
// are less than any letter.
func appendLower(out, name []byte) []byte {
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	return out
}
