package health

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"time"
)

// A Prober asks instances as a container runtime reaches them: directly, at port 443.
// The zero value is ready for use, and may be used by many at once.
type Prober struct {
	// Resolve gives all addresses of a name. Nil asks the system: its hosts file, then
	// its DNS servers, as container runtimes do.
	Resolve func(ctx context.Context, name string) ([]netip.Addr, error)
	// Dial connects by TCP to host:port. Nil is net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are the authorities that are trusted. Nil are the system's.
	Roots *x509.CertPool
}

// A Target is one instance over one network.
type Target struct {
	// Host is the shared endpoint, for which the instance must have a certificate.
	Host string
	// Addrs are where the instance is; they are tried in turn.
	Addrs []netip.Addr
	// Name is looked up where there are no Addrs: the instance's public endpoint, or
	// the shared endpoint itself.
	Name string
}

// A Result is what a probe has seen. Of what it didn't get to, it has zero values.
type Result struct {
	// Addrs are the target's, or those of its name.
	Addrs []netip.Addr
	// Addr is the one that was connected to.
	Addr        netip.Addr
	Certificate *Certificate
	Answer      *Answer
	Latency     Latency
	// Err is why the probe ended before a registry answered; always an [*Error].
	Err error
}

// Latency is how long each part of a probe took.
type Latency struct{ Lookup, Connect, Handshake, Answer time.Duration }

// Total is the whole probe.
func (l Latency) Total() time.Duration { return l.Lookup + l.Connect + l.Handshake + l.Answer }

// A Part is what a probe was at.
type Part string

// The parts, in their order.
const (
	Lookup    Part = "lookup"
	Connect   Part = "connect"
	Handshake Part = "handshake"
	Request   Part = "request"
)

// An Error ends a probe. It is one sentence that begins with what was asked.
type Error struct {
	Part Part
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives what net, crypto/tls or net/http had to say, such as a *net.DNSError.
func (e *Error) Unwrap() error { return e.Err }

// Probe asks the target until ctx ends. A certificate that no client would accept
// doesn't end it: there is nothing secret in what is asked, and who answers shows
// what went wrong.
func (p Prober) Probe(ctx context.Context, t Target) Result {
	r := Result{Addrs: t.Addrs}
	failed := func(part Part, err error) Result {
		r.Err = &Error{part, err}
		return r
	}
	lap := stopwatch()
	var err error
	if len(t.Addrs) == 0 {
		if r.Addrs, err = p.resolve(ctx, t.Name); err != nil {
			return failed(Lookup, err)
		}
		r.Latency.Lookup = lap()
	}
	conn, addr, err := p.connect(ctx, r.Addrs, httpsPort)
	if err != nil {
		return failed(Connect, err)
	}
	defer conn.Close()
	r.Addr, r.Latency.Connect = addr, lap()
	secure, err := p.handshake(ctx, conn, t.Host)
	if err != nil {
		return failed(Handshake, aboutAddr(addr, "doesn't finish a TLS handshake", err))
	}
	r.Certificate = inspect(secure.ConnectionState().PeerCertificates, t.Host, p.Roots, time.Now())
	r.Latency.Handshake = lap()
	answer, err := ask(ctx, secure, t.Host)
	if err != nil {
		return failed(Request, aboutAddr(addr, "doesn't answer GET /v2/ as a registry does", err))
	}
	r.Answer, r.Latency.Answer = answer, lap()
	return r
}

// stopwatch returns a function that tells the time since it was last called.
func stopwatch() func() time.Duration {
	last := time.Now()
	return func() time.Duration {
		now := time.Now()
		lap := now.Sub(last)
		last = now
		return lap
	}
}
