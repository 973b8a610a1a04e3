package prober

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

const (
	// between is the least time from one write to the next, so that an instance that
	// changes all the time doesn't make the API server work.
	between = time.Second
	// retryAfter is when a write is tried again that failed.
	retryAfter = 2 * time.Second
	// patience ends a write that hangs.
	patience = 10 * time.Second
)

// A Sink is where reports are written: a Lease, or a file.
type Sink interface {
	Write(ctx context.Context, r healthreport.Report) error
}

// A Reporter writes what there is to tell: on change at once, else before the last
// report becomes old.
type Reporter struct {
	sink    Sink
	report  func() healthreport.Report
	changed <-chan struct{}
	log     *slog.Logger
	failing prometheus.Gauge
	ready   atomic.Bool
}

// Ready says why the prober is not ready: nobody has its report yet.
func (r *Reporter) Ready() error {
	if !r.ready.Load() {
		return errors.New("no report has been written yet")
	}
	return nil
}

// NewReporter makes a Reporter of a Prober's reports.
func NewReporter(sink Sink, p *Prober) *Reporter {
	r := &Reporter{
		sink: sink, report: p.Report, changed: p.Changed(), log: p.Log,
		failing: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registry_failover_probe_report_failing",
			Help: "1 while the report of this prober can't be written, so that it has no voice.",
		}),
	}
	p.Metrics.MustRegister(r.failing)
	return r
}

// Run writes until ctx ends.
func (r *Reporter) Run(ctx context.Context) error {
	var written healthreport.Report
	var at time.Time
	var said string
	renew := renewal()
	for {
		now := r.report()
		wait := renew - time.Since(at)
		switch {
		case len(now.Instances) == 0: // the prober hasn't begun: an empty report would be a voice that knows nothing
			wait = retryAfter
		case at.IsZero() || now.Differs(written) || wait <= 0:
			err := r.write(ctx, now)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				if err.Error() != said {
					r.log.Warn("the report can't be written", "error", err)
				}
				said, wait = err.Error(), retryAfter
			default:
				if said != "" {
					r.log.Info("the report is written again")
				}
				written, at, said = now, time.Now(), ""
				renew = renewal()
				wait = renew
			}
			if !pause(ctx, min(between, wait)) {
				return nil
			}
			wait -= between
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.changed:
		case <-time.After(wait):
		}
	}
}

// renewal is when a report is renewed that hasn't changed: not by all probers at once.
func renewal() time.Duration {
	return time.Duration(float64(healthreport.RenewEvery) * (0.8 + 0.2*rand.Float64()))
}

func (r *Reporter) write(ctx context.Context, report healthreport.Report) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := r.sink.Write(ctx, report)
	if err != nil {
		r.failing.Set(1)
		return err
	}
	r.failing.Set(0)
	r.ready.Store(true)
	return nil
}
