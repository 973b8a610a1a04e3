package connections

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// States of a connection, as bits of a request (include/net/tcp_states.h). One
// that an end has begun to close ends by itself; a listening socket is none.
const (
	established = 1 << 1
	synSent     = 1 << 2
)

// Sizes of struct inet_diag_sockid and inet_diag_req_v2. Both the request and
// the reply, struct inet_diag_msg, have four bytes of which the first is the
// address family; in the request come the states then, and in both the sockid.
const (
	idSize      = 48
	requestSize = 8 + idSize
	portAt      = 2  // of the remote port in a sockid, big-endian
	remoteAt    = 20 // of the remote address
)

// connection is one as the kernel tells of it. Its id has addresses, ports, and
// a cookie, so that no later connection between the same ports is meant by it.
type connection struct {
	family uint8
	id     [idSize]byte
}

func (c connection) remote() netip.Addr {
	if c.family == unix.AF_INET {
		return netip.AddrFrom4([4]byte(c.id[remoteAt:]))
	}
	return netip.AddrFrom16([16]byte(c.id[remoteAt:])).Unmap()
}

// diag is a socket of NETLINK_SOCK_DIAG. The kernel answers while it is asked, so
// that nothing here waits.
type diag int

func open() (diag, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return 0, explain(err)
	}
	return diag(fd), nil
}

func (d diag) close() { _ = unix.Close(int(d)) }

// list asks for the connections of a family to a remote port. The kernel sorts
// out others by port and state, and the caller by address.
func (d diag) list(family uint8, port uint16) ([]connection, error) {
	var id [idSize]byte
	binary.BigEndian.PutUint16(id[portAt:], port)
	if err := d.send(unix.SOCK_DIAG_BY_FAMILY, unix.NLM_F_DUMP, family, established|synSent, id); err != nil {
		return nil, err
	}
	var found []connection
	err := d.receive(func(reply []byte) {
		if len(reply) >= 4+idSize {
			found = append(found, connection{reply[0], [idSize]byte(reply[4:])})
		}
	})
	return found, err
}

func (d diag) destroy(c connection) error {
	if err := d.send(unix.SOCK_DESTROY, unix.NLM_F_ACK, c.family, established|synSent, c.id); err != nil {
		return err
	}
	return d.receive(func([]byte) {})
}

// send writes a struct nlmsghdr and a struct inet_diag_req_v2.
func (d diag) send(kind, flags uint16, family uint8, states uint32, id [idSize]byte) error {
	order := binary.NativeEndian
	message := make([]byte, 0, unix.NLMSG_HDRLEN+requestSize)
	message = order.AppendUint32(message, uint32(cap(message)))
	message = order.AppendUint16(message, kind)
	message = order.AppendUint16(message, unix.NLM_F_REQUEST|flags)
	message = append(message, make([]byte, 8)...) // sequence and port: one request at a time is under way
	message = append(message, family, unix.IPPROTO_TCP, 0, 0)
	message = order.AppendUint32(message, states)
	return unix.Sendto(int(d), append(message, id[:]...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// receive reads to the end of the answer, or to the error that it is.
func (d diag) receive(take func(reply []byte)) error {
	buffer := make([]byte, 32<<10) // what the kernel fills at most
	for {
		n, _, err := unix.Recvfrom(int(d), buffer, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		messages, err := syscall.ParseNetlinkMessage(buffer[:n])
		if err != nil {
			return err
		}
		for _, m := range messages {
			switch m.Header.Type {
			case unix.NLMSG_DONE, unix.NLMSG_ERROR: // both begin with an errno, 0 for none
				if len(m.Data) >= 4 {
					if code := int32(binary.NativeEndian.Uint32(m.Data)); code < 0 {
						return unix.Errno(-code)
					}
				}
				return nil
			default:
				take(m.Data)
			}
		}
	}
}
