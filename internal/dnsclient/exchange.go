package dnsclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/miekg/dns"
)

// exchange sends a request and waits for its reply. Over UDP whatever isn't the
// reply is passed over until the time is up: anybody can send packets with the
// server's address, and the true reply may come after a forged one.
func (c *Client) exchange(ctx context.Context, network string, server netip.AddrPort, request *dns.Msg) (*dns.Msg, error) {
	until, done := context.WithTimeout(ctx, c.timeout)
	defer done()
	var dialer net.Dialer
	raw, err := dialer.DialContext(until, network, server.String())
	if err != nil {
		return nil, c.reason(ctx, network, err, nil)
	}
	defer raw.Close()
	conn := &dns.Conn{Conn: raw, UDPSize: receiveSize}
	// When the context ends, by time or otherwise, reads and writes end too.
	defer context.AfterFunc(until, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })()

	if err := conn.WriteMsg(request); err != nil {
		return nil, c.reason(ctx, network, err, nil)
	}
	var wrong error
	for {
		packet, err := conn.ReadMsgHeader(nil)
		if err != nil && !errors.Is(err, dns.ErrShortRead) {
			return nil, c.reason(ctx, network, err, wrong)
		}
		reply, err := accept(request, packet)
		if err == nil {
			return reply, nil
		}
		if network == "tcp" {
			return nil, fmt.Errorf("sent over TCP %w", err)
		}
		wrong = err
	}
}

// accept parses a packet and returns it if it is a reply to the request:
// QR, ID and question must match.
func accept(request *dns.Msg, packet []byte) (*dns.Msg, error) {
	reply := new(dns.Msg)
	if err := reply.Unpack(packet); err != nil {
		return nil, fmt.Errorf("a packet that can't be parsed (%w)", err)
	}
	switch {
	case !reply.Response:
		return nil, errors.New("a packet that is no reply")
	case reply.Id != request.Id:
		return nil, errors.New("a reply with another ID")
	case len(reply.Question) == 0 && reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError:
		return reply, nil // some servers refuse with a bare header; it answers nothing
	case len(reply.Question) != 1 || !sameQuestion(reply.Question[0], request.Question[0]):
		return nil, errors.New("a reply to another question")
	}
	return reply, nil
}

func sameQuestion(a, b dns.Question) bool {
	return a.Qtype == b.Qtype && a.Qclass == b.Qclass && dns.CanonicalName(a.Name) == dns.CanonicalName(b.Name)
}

// reason says why no reply came; wrong is what came in its place last.
func (c *Client) reason(ctx context.Context, network string, err, wrong error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("was not waited for: %w", context.Cause(ctx))
	case wrong != nil:
		return fmt.Errorf("sent %w and nothing else within %s", wrong, c.timeout)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("gave no reply over %s within %s", network, c.timeout)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err // the addresses are in the sentence already
	}
	return fmt.Errorf("can't be asked over %s: %w", network, err)
}
