package dnsserver

import (
	"bytes"
	"errors"
	"net"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// destinationSize is enough for the control messages that tell where a packet was sent to.
const destinationSize = 128

// tellDestinations makes a socket that is bound to all addresses tell with each
// packet to which it was sent: a reply from another address reaches no client.
func tellDestinations(conn net.PacketConn) error {
	v6 := ipv6.NewPacketConn(conn).SetControlMessage(ipv6.FlagDst, true)
	v4 := ipv4.NewPacketConn(conn).SetControlMessage(ipv4.FlagDst, true)
	if v6 != nil && v4 != nil { // a socket of one family refuses the other
		return errors.Join(v6, v4)
	}
	return nil
}

// replySource makes the control message of a reply out of its query's. It keeps
// the last: in a pod all are alike.
type replySource struct{ asked, reply []byte }

func (s *replySource) of(asked []byte) []byte {
	if !bytes.Equal(asked, s.asked) {
		s.asked, s.reply = bytes.Clone(asked), from(destination(asked))
	}
	return s.reply
}

func destination(control []byte) net.IP {
	var v6 ipv6.ControlMessage
	if err := v6.Parse(control); err == nil && v6.Dst != nil {
		return v6.Dst
	}
	var v4 ipv4.ControlMessage
	if err := v4.Parse(control); err == nil {
		return v4.Dst
	}
	return nil
}

// from is the control message that sends a packet from an address. The network
// interface is left to the system: the way back may be another.
func from(ip net.IP) []byte {
	switch {
	case ip == nil:
		return nil
	case ip.To4() != nil: // also over a socket of both families
		return (&ipv4.ControlMessage{Src: ip}).Marshal()
	}
	return (&ipv6.ControlMessage{Src: ip}).Marshal()
}
