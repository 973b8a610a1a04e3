package health

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
)

const httpsPort = 443

// Reach looks a host up, unless it is an address itself, and connects to it by
// TCP, to say nothing there. It returns the address that took the connection. The
// error is an [*Error].
func (p Prober) Reach(ctx context.Context, host string, port uint16) (netip.Addr, error) {
	var addrs []netip.Addr
	if addr, err := netip.ParseAddr(host); err == nil {
		addrs = []netip.Addr{addr}
	} else if addrs, err = p.resolve(ctx, host); err != nil {
		return netip.Addr{}, &Error{Lookup, err}
	}
	conn, addr, err := p.connect(ctx, addrs, port)
	if err != nil {
		return netip.Addr{}, &Error{Connect, err}
	}
	return addr, conn.Close()
}

func (p Prober) resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	resolve := p.Resolve
	if resolve == nil {
		resolve = func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		}
	}
	addrs, err := resolve(ctx, name)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "it has no addresses", Name: name, IsNotFound: true}
	}
	if err != nil {
		return nil, fmt.Errorf("%s can't be looked up: %w", name, plain{err})
	}
	unmapped := make([]netip.Addr, len(addrs))
	for i, a := range addrs {
		unmapped[i] = a.Unmap()
	}
	return unmapped, nil
}

// connect tries one address after the other, each with its share of the time that
// is left, and returns the first connection.
func (p Prober) connect(ctx context.Context, addrs []netip.Addr, port uint16) (net.Conn, netip.Addr, error) {
	dial := p.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	var failures []error
	for i, addr := range addrs {
		own, cancel := share(ctx, len(addrs)-i)
		conn, err := dial(own, "tcp", netip.AddrPortFrom(addr, port).String())
		cancel()
		if err == nil {
			return conn, addr, nil
		}
		failures = append(failures, err)
		if ctx.Err() != nil {
			break
		}
	}
	tried := make([]string, len(failures))
	for i := range failures {
		tried[i] = addrs[i].String()
	}
	return nil, netip.Addr{}, fmt.Errorf("%s at port %d can't be connected to: %w",
		strings.Join(tried, ", "), port, plain{failures[len(failures)-1]})
}

// share gives one of n attempts its part of the time that ctx has left.
func share(ctx context.Context, n int) (context.Context, context.CancelFunc) {
	end, limited := ctx.Deadline()
	if !limited || n == 1 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(end)/time.Duration(n))
}

// handshake accepts every certificate: inspect tells all that is wrong with it,
// where crypto/tls would end with the first.
func (p Prober) handshake(ctx context.Context, conn net.Conn, host string) (*tls.Conn, error) {
	secure := tls.Client(conn, &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: true})
	err := secure.HandshakeContext(ctx)
	alert, isAlert := errors.AsType[*net.OpError](err)
	if isAlert && alert.Op == "remote error" && alert.Err.Error() == "tls: unrecognized name" {
		err = ErrNoCertificate
	}
	return secure, err
}

func aboutAddr(addr netip.Addr, what string, err error) error {
	return fmt.Errorf("%s %s: %w", addr, what, plain{err})
}

// plain says an error of the network in few words: what was asked of whom stands
// before it already.
type plain struct{ error }

func (p plain) Unwrap() error { return p.error }

func (p plain) Error() string {
	var timeout interface{ Timeout() bool }
	name, isName := errors.AsType[*net.DNSError](p.error)
	operation, isOperation := errors.AsType[*net.OpError](p.error)
	system, isSystem := errors.AsType[*os.SyscallError](p.error)
	_, isRecord := errors.AsType[tls.RecordHeaderError](p.error)
	switch {
	case errors.Is(p.error, io.EOF):
		return "the connection was closed"
	case isRecord:
		return "what answers isn't TLS"
	case isName && name.Server != "" && !name.IsNotFound:
		return name.Server + ": " + name.Err
	case isName:
		return name.Err
	case errors.Is(p.error, context.Canceled):
		return "it was called off"
	case errors.Is(p.error, context.DeadlineExceeded), errors.As(p.error, &timeout) && timeout.Timeout():
		return "nothing came in time"
	case isSystem:
		return system.Err.Error()
	case isOperation && operation.Err != nil:
		return operation.Err.Error()
	}
	return p.error.Error()
}
