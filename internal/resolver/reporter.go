package resolver

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/diagnostics"
	"github.com/registry-failover/registry-failover/internal/nodereport"
)

const (
	// spread is over how long the nodes' reports of one switch are spread by
	// chance. A resolver may not count the nodes, so that it is the same for all:
	// 1,000 nodes write 500 reports a second, and what is too much for an API
	// server it refuses, and gets a little later.
	spread = 2 * time.Second
	// firstSpread is the same for the first report after a start. Starts are spread
	// by themselves, and a new node may take no pods before it has reported.
	firstSpread = 200 * time.Millisecond
	// renewSpread is by how much a renewal comes early by chance, so that nodes
	// that once wrote together don't go on together.
	renewSpread = nodereport.RenewEvery / 5
	// A failed write is tried again after firstRetry to twice as long, and each
	// time twice as late, up to lastRetry to twice as long.
	firstRetry = time.Second
	lastRetry  = 32 * time.Second
)

// reporter writes what the node reports, away from everything else: nobody waits
// for it, and it gets the newest report only.
type reporter struct {
	write   func(context.Context, nodereport.Report) error
	wanted  newest[nodereport.Report]
	alarm   alarm
	written prometheus.Gauge
}

func newReporter(write func(context.Context, nodereport.Report) error, registerer prometheus.Registerer, log *slog.Logger) *reporter {
	r := &reporter{write: write, wanted: makeNewest[nodereport.Report](), alarm: alarm{log: log}}
	r.written = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "registry_failover_report_written",
		Help: "1 when the node's Lease says what the node reports, 0 while it can't be written.",
	})
	registerer.MustRegister(r.written)
	return r
}

// run writes each report that differs from the one before, and renews the last,
// until ctx ends. Then nothing is written any more: an uninstalled product must
// not leave a Lease behind.
func (r *reporter) run(ctx context.Context) {
	var report nodereport.Report
	next := time.NewTimer(0)
	next.Stop() // there is nothing to write yet
	defer next.Stop()
	within := firstSpread
	soon := false // the next write is for a change that came since the last
	retry := firstRetry
	for {
		select {
		case <-ctx.Done():
			return
		case wanted := <-r.wanted:
			wanted.Version = diagnostics.Version()
			if wanted.Equal(report) {
				continue
			}
			report = wanted
			if !soon {
				soon = true
				next.Reset(rand.N(within))
			}
		case <-next.C:
			soon, within = false, spread
			err := r.write(ctx, report)
			if ctx.Err() != nil {
				return // the end of the program is no failure
			}
			r.alarm.set("writing the node's report", err)
			r.written.Set(truth(err == nil))
			if err == nil {
				retry = firstRetry
				next.Reset(nodereport.RenewEvery - rand.N(renewSpread))
				continue
			}
			next.Reset(retry + rand.N(retry))
			retry = min(2*retry, lastRetry)
		}
	}
}
