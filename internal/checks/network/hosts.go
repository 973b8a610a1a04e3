package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
)

// hosts are those that a pull needs besides the registry. Instances share some, and
// each is connected to once.
type hosts struct {
	prober health.Prober
	seen   map[string]*host // by host:port
}

// A host is one of them, with what connecting to it gave.
type host struct {
	name    string
	port    uint16
	addr    netip.Addr
	latency time.Duration
	err     error
	cut     bool // the caller's time was over
}

// reach connects to all hosts that weren't connected to before, at once.
func (h *hosts) reach(ctx context.Context, wanted []*host) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, w := range wanted {
		if h.seen[w.key()] != nil {
			continue
		}
		h.seen[w.key()] = w
		group.Go(func() error {
			own, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			begin := time.Now()
			w.addr, w.err = h.prober.Reach(own, w.name, w.port)
			w.latency = time.Since(begin)
			w.cut = w.err != nil && ctx.Err() != nil
			return nil
		})
	}
	_ = group.Wait() // what went wrong is in the hosts
}

func (h *host) key() string { return net.JoinHostPort(h.name, strconv.Itoa(int(h.port))) }

// A need is a host that one way needs, or why none is known.
type need struct {
	*host
	problem *finding
}

// needs connects to what every way that was answered needs, and judges it.
func (s *survey) needs(ctx context.Context, wants func(*way) need, judge func(*way, *host) finding) []finding {
	found := map[*way]need{}
	var wanted []*host
	for _, w := range s.ways() {
		if w.result.Answer == nil {
			continue
		}
		n := wants(w)
		found[w] = n
		if n.host != nil {
			wanted = append(wanted, n.host)
		}
	}
	s.hosts.reach(ctx, wanted)
	return s.each(func(w *way) []finding {
		n, answered := found[w]
		switch {
		case !answered:
			return nil
		case n.host == nil:
			return []finding{*n.problem}
		}
		h := s.hosts.seen[n.key()]
		switch {
		case h.cut:
			return []finding{w.unanswered()}
		case h.err == nil:
			return []finding{w.says(checks.OK, fmt.Sprintf("%s (%s) can be connected to in %s", h.key(), h.addr, round(h.latency)), "")}
		}
		return []finding{judge(w, h)}
	})
}
