package dnsclient

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

const (
	// udpSize is the largest reply over UDP that servers are asked for: it crosses
	// every usual path without fragments (DNS flag day 2020).
	udpSize = 1232
	// receiveSize is what is read, for servers that send more than that.
	receiveSize = 4096
)

// Ask puts a question that somebody else has asked to the servers in turn, and
// returns the first reply that is NOERROR or NXDOMAIN, as it came. The request's
// question, RD, AD, CD and DO go along; its ID and EDNS options are for the one
// whom it was sent to.
func (c *Client) Ask(ctx context.Context, request *dns.Msg) (*dns.Msg, error) {
	question := &dns.Msg{
		MsgHdr: dns.MsgHdr{
			RecursionDesired:  request.RecursionDesired,
			AuthenticatedData: request.AuthenticatedData,
			CheckingDisabled:  request.CheckingDisabled,
		},
		Question: request.Question,
	}
	opt := request.IsEdns0()
	reply, _, err := c.ask(ctx, question.SetEdns0(udpSize, opt != nil && opt.Do()))
	return reply, err
}

// ask puts one question to the servers in turn, until one answers it with
// NOERROR or NXDOMAIN. Each gets an ID of its own.
func (c *Client) ask(ctx context.Context, question *dns.Msg) (*dns.Msg, netip.AddrPort, error) {
	var failures failures
	for _, server := range c.servers {
		question.Id = dns.Id()
		reply, err := c.askServer(ctx, server, question)
		if err == nil {
			return reply, server, nil
		}
		failures = append(failures, fmt.Errorf("%s %w", server, err))
		if ctx.Err() != nil {
			break
		}
	}
	if len(failures) == 0 {
		return nil, netip.AddrPort{}, errors.New("no DNS server is known")
	}
	return nil, netip.AddrPort{}, failures
}

func (c *Client) askServer(ctx context.Context, server netip.AddrPort, request *dns.Msg) (*dns.Msg, error) {
	reply, err := c.exchange(ctx, "udp", server, request)
	if err == nil && knowsNoEDNS(reply) {
		older := *request
		older.Id, older.Extra = dns.Id(), nil
		request = &older
		reply, err = c.exchange(ctx, "udp", server, request)
	}
	if err == nil && reply.Truncated {
		if reply, err = c.exchange(ctx, "tcp", server, request); err == nil && reply.Truncated {
			err = errors.New("sent a truncated reply over TCP")
		}
	}
	switch {
	case err != nil:
		return nil, err
	case reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError:
		return nil, fmt.Errorf("answered %s", rcodeName(reply.Rcode))
	case isReferral(reply):
		return nil, errors.New("referred to other servers instead of answering")
	}
	return reply, nil
}

// knowsNoEDNS says that the question may be understood without its OPT record (RFC
// 6891 section 7). A server that knows EDNS would have sent its own.
func knowsNoEDNS(reply *dns.Msg) bool {
	return (reply.Rcode == dns.RcodeFormatError || reply.Rcode == dns.RcodeNotImplemented) && reply.IsEdns0() == nil
}

// isReferral tells a server that doesn't recurse from one that has no such
// records (RFC 2308 section 2.2): without this its reply would count as NODATA.
func isReferral(reply *dns.Msg) bool {
	if reply.Rcode != dns.RcodeSuccess || len(reply.Answer) > 0 {
		return false
	}
	referral := false
	for _, rr := range reply.Ns {
		switch rr.(type) {
		case *dns.SOA:
			return false
		case *dns.NS:
			referral = true
		}
	}
	return referral
}

func rcodeName(code int) string {
	if name, known := dns.RcodeToString[code]; known {
		return name
	}
	return fmt.Sprintf("response code %d", code)
}

// failures is why each server in turn gave no answer, in one line.
type failures []error

func (f failures) Error() string {
	texts := make([]string, len(f))
	for i, err := range f {
		texts[i] = err.Error()
	}
	return strings.Join(texts, ", ")
}

func (f failures) Unwrap() []error { return f }
