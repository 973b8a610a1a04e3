package dnsserver

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

// TCP clients get these times: to send the first query, to take a reply, and
// between two queries of one connection.
const (
	readTimeout  = 2 * time.Second
	writeTimeout = 2 * time.Second
	idleTimeout  = 10 * time.Second
)

// receiveSize is how long a UDP query may be. Clients are told udpSize; those
// that send a little more, with padding for example, are understood too.
const receiveSize = 4096

// Options say how to serve. Addr is required.
type Options struct {
	// Addr is host:port, for UDP and TCP. Port 0 takes a free one.
	Addr string
	// Metrics gets registry_failover_dns_queries_total; nil leaves it unregistered.
	Metrics prometheus.Registerer
}

// Server answers DNS from what was published last. It begins with nothing:
// until the first Publish every query gets SERVFAIL.
type Server struct {
	options  Options
	snapshot atomic.Pointer[Snapshot]
	queries  map[Protocol]queryCounters

	udp net.PacketConn
	tcp net.Listener
}

// New returns a server that doesn't listen yet.
func New(o Options) *Server {
	return &Server{options: o, queries: newQueryCounters(o.Metrics)}
}

// Publish replaces everything that is served. Queries under way finish with
// what they began with; none sees a mixture. It is safe at any time.
func (s *Server) Publish(zones []Zone) {
	s.snapshot.Store(NewSnapshot(zones))
}

// Listen binds both sockets, so that Addr is known and an address that is taken
// is reported before anything else starts. Whoever calls it must call Serve.
func (s *Server) Listen(ctx context.Context) (err error) {
	s.tcp, s.udp, err = listen(ctx, s.options.Addr)
	return err
}

// Addr is the bound address of both sockets. It is valid after Listen.
func (s *Server) Addr() netip.AddrPort {
	return s.tcp.Addr().(*net.TCPAddr).AddrPort()
}

// Serve answers queries until ctx ends, then closes the sockets, lets replies
// under way finish and returns nil. It listens first if Listen wasn't called.
// A server serves once.
func (s *Server) Serve(ctx context.Context) error {
	if s.tcp == nil {
		if err := s.Listen(ctx); err != nil {
			return err
		}
	}
	udp, tcp := s.dnsServer(UDP), s.dnsServer(TCP)
	udp.PacketConn = s.udp
	tcp.Listener = writeDeadlines{s.tcp}

	group, until := errgroup.WithContext(ctx)
	run := func(server *dns.Server, socket io.Closer) {
		group.Go(func() error {
			if err := server.ActivateAndServe(); err != nil && until.Err() == nil {
				return err
			}
			return nil
		})
		group.Go(func() error {
			<-until.Done()
			// A server that hasn't started yet can't be shut down: closing its
			// socket ends it then.
			_ = server.Shutdown()
			_ = socket.Close()
			return nil
		})
	}
	run(udp, s.udp)
	run(tcp, s.tcp)
	return group.Wait()
}

func (s *Server) dnsServer(proto Protocol) *dns.Server {
	queries := s.queries[proto]
	return &dns.Server{
		Handler: dns.HandlerFunc(func(w dns.ResponseWriter, req *dns.Msg) {
			reply := Reply(s.snapshot.Load(), req, proto)
			if reply == nil {
				queries.dropped.Inc()
				return
			}
			queries.byRcode[reply.Rcode].Inc()
			_ = w.WriteMsg(reply) // fails when the client is gone: nobody left to tell
		}),
		MsgAcceptFunc: func(h dns.Header) dns.MsgAcceptAction {
			const qr = 1 << 15
			if h.Bits&qr != 0 {
				// Before parsing: a broken reply must not get FORMERR either.
				queries.dropped.Inc()
				return dns.MsgIgnore
			}
			return dns.MsgAccept // Reply decides about everything else
		},
		MsgInvalidFunc: func(packet []byte, _ error) {
			const headerSize = 12
			if len(packet) < headerSize {
				queries.dropped.Inc()
			} else {
				queries.byRcode[dns.RcodeFormatError].Inc()
			}
		},
		UDPSize:       receiveSize,
		ReadTimeout:   readTimeout,
		WriteTimeout:  writeTimeout,
		IdleTimeout:   func() time.Duration { return idleTimeout },
		MaxTCPQueries: -1, // the idle timeout ends connections; a busy forwarder keeps its own
	}
}
