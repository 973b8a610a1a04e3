package dnsserver

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

// Options say how to serve. Addr is required.
type Options struct {
	// Addr is host:port, for UDP and TCP. Port 0 takes a free one.
	Addr string
	// Metrics gets registry_failover_dns_queries_total; nil leaves it unregistered.
	Metrics prometheus.Registerer
	// Below asks others for a name below an endpoint, and returns their reply as it
	// came, NOERROR or NXDOMAIN. An error gives SERVFAIL. It must end with its
	// context, and not lead back here. Nil: no such name exists.
	Below func(ctx context.Context, request *dns.Msg) (reply *dns.Msg, err error)
}

// Server answers DNS from what was published last. It begins with nothing:
// until the first Publish every query gets SERVFAIL.
type Server struct {
	options  Options
	snapshot atomic.Pointer[Snapshot]
	queries  map[Protocol]*queryCounters
	relay    *relay

	udp []*net.UDPConn // of one port
	tcp net.Listener
}

// New returns a server that doesn't listen yet.
func New(o Options) *Server {
	return &Server{options: o, queries: newQueryCounters(o.Metrics), relay: newRelay(o.Below)}
}

// Publish replaces everything that is served. Queries under way finish with
// what they began with; none sees a mixture. It is safe at any time.
func (s *Server) Publish(zones []Zone) {
	s.snapshot.Store(NewSnapshot(zones))
}

// Listen binds all sockets, so that Addr is known and an address that is taken
// is reported before anything else starts. Whoever calls it must call Serve.
func (s *Server) Listen(ctx context.Context) (err error) {
	s.tcp, s.udp, err = listen(ctx, s.options.Addr)
	return err
}

// Addr is the bound address of all sockets. It is valid after Listen.
func (s *Server) Addr() netip.AddrPort {
	return s.tcp.Addr().(*net.TCPAddr).AddrPort()
}

// Serve answers queries until ctx ends, then lets replies under way finish,
// closes the sockets and returns nil. It listens first if Listen wasn't called.
// A server serves once.
func (s *Server) Serve(ctx context.Context) error {
	if s.tcp == nil {
		if err := s.Listen(ctx); err != nil {
			return err
		}
	}
	group, until := errgroup.WithContext(ctx)
	group.Go(func() error { return newTCPServer(s.tcp, s.answerer(TCP)).serve(until) })
	for _, socket := range s.udp {
		group.Go(func() error { return serveUDP(until, socket, s.answerer(UDP)) })
	}
	return group.Wait()
}

func (s *Server) answerer(proto Protocol) answerer {
	return answerer{snapshot: &s.snapshot, proto: proto, queries: s.queries[proto], relay: s.relay}
}

// passed is a deadline that ends what waits.
var passed = time.Unix(1, 0)
