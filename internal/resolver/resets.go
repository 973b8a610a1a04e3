package resolver

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// checkTimeout is how long it may take to try whether resetting works, of which
// nothing leaves the node.
const checkTimeout = time.Second

// resetter resets the connections to what a switch has abandoned, as soon as the
// hosts file leads elsewhere: away from the goroutine that keeps the file, as a
// file system may hang.
type resetter struct {
	reset func(addrs []netip.Addr) (int, error)
	check func(context.Context) error
	// led takes where the hosts file leads now.
	led newest[map[string]lead]
	// trouble is why it doesn't work, in a sentence, or empty.
	trouble atomic.Pointer[string]
	// count and addrs are what was reset since a switch.
	count int
	addrs []netip.Addr

	log    *slog.Logger
	alarm  alarm
	total  prometheus.Counter
	worked *prometheus.GaugeVec
}

func newResetter(reset func([]netip.Addr) (int, error), check func(context.Context) error, registerer prometheus.Registerer, log *slog.Logger) *resetter {
	r := &resetter{reset: reset, check: check, led: makeNewest[map[string]lead](), log: log, alarm: alarm{log: log}}
	r.total = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "registry_failover_connections_reset_total",
		Help: "How many of the node's connections to abandoned instances were reset.",
	})
	r.worked = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "registry_failover_connections_resettable",
		Help: "1 when the node's connections can be reset, 0 when the kernel refuses that; missing without node.resetConnections.",
	}, nil)
	registerer.MustRegister(r.total, r.worked)
	r.trouble.Store(new(string))
	return r
}

// run works until ctx ends.
func (r *resetter) run(ctx context.Context) {
	var abandoned abandoned
	on := false
	again := time.NewTimer(0)
	again.Stop() // there is nothing to reset yet
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			r.tell()
			return
		case leads := <-r.led:
			if wasOn := on; wasOn != (leads != nil) {
				on = !wasOn
				r.turn(ctx, on)
			}
			if abandoned.follow(leads, time.Now()) {
				r.tell() // of the switch before
			} else if len(abandoned.until) > 0 {
				continue // the timer runs
			}
		case <-again.C:
		}
		if addrs := abandoned.due(time.Now()); len(addrs) > 0 {
			count, err := r.reset(addrs)
			r.show(err)
			r.total.Add(float64(count))
			r.count += count
			r.addrs = append(r.addrs, addrs...)
		}
		if len(abandoned.until) > 0 {
			again.Reset(resetEvery)
		} else {
			r.tell()
		}
	}
}

// turn tries when it is turned on whether it will work, so that this is known before a switch.
func (r *resetter) turn(ctx context.Context, on bool) {
	if on {
		within, done := context.WithTimeout(ctx, checkTimeout)
		defer done()
		r.show(r.check(within))
		return
	}
	r.worked.Reset()
	r.trouble.Store(new(string))
}

func (r *resetter) show(err error) {
	r.alarm.set("resetting connections", err)
	r.worked.WithLabelValues().Set(truth(err == nil))
	trouble := ""
	if err != nil {
		trouble = "pulls in flight stay where they are at a switch: " + err.Error()
	}
	r.trouble.Store(&trouble)
}

// tell logs what was reset since a switch, once.
func (r *resetter) tell() {
	if len(r.addrs) == 0 {
		return
	}
	slices.SortFunc(r.addrs, netip.Addr.Compare)
	r.log.Info("connections to what a switch has abandoned were reset", "connections", r.count, "addresses", slices.Compact(r.addrs))
	r.count, r.addrs = 0, nil
}

// findings are those of the hosts file's keeper, and its own.
func (r *resetter) findings(others []string) []string {
	if r == nil || *r.trouble.Load() == "" {
		return others
	}
	return append(slices.Clip(others), *r.trouble.Load())
}
