package prober

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Options are what a Prober needs.
type Options struct {
	// Health asks the instances; its zero value asks as the system does.
	Health health.Prober
	// Names are the node's; with nil nobody is asked who serves it.
	Names   *NodeNames
	Version string
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// A Prober probes all instances until it is told to end.
type Prober struct {
	Options
	metrics metrics
	changed chan struct{} // that the report is another, or a latency is
	restart chan struct{} // that the targets are others

	mu      sync.Mutex
	config  *config.Config
	state   map[string]zone.State
	order   []healthreport.Key
	records map[healthreport.Key]Record
	// services are by endpoint.
	services map[string]Service
}

// New makes a Prober. It must be configured before it runs.
func New(o Options) *Prober {
	return &Prober{
		Options: o, metrics: newMetrics(o.Metrics), records: map[healthreport.Key]Record{},
		changed: make(chan struct{}, 1), restart: make(chan struct{}, 1),
	}
}

// Configure puts a valid configuration into force. What it goes on with keeps its record.
func (p *Prober) Configure(c *config.Config) {
	p.mu.Lock()
	p.config = c
	p.mu.Unlock()
	ring(p.restart)
}

// Learn tells what has been learnt of the endpoints' addresses.
func (p *Prober) Learn(state map[string]zone.State) {
	p.mu.Lock()
	p.state = state
	p.mu.Unlock()
	ring(p.restart)
}

// Changed is rung when there may be something to report.
func (p *Prober) Changed() <-chan struct{} { return p.changed }

// Report is what there is to tell now.
func (p *Prober) Report() healthreport.Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := healthreport.Report{Version: p.Version, Serving: p.serving(), Instances: make([]healthreport.Instance, 0, len(p.order))}
	for _, key := range p.order {
		record := p.records[key]
		r.Instances = append(r.Instances, healthreport.Instance{
			Key: key, Level: record.Level, Reason: record.Reason, Since: record.Since.UTC().Truncate(time.Second),
			Named: record.Named, LatencyMillis: record.Latency.Milliseconds(),
		})
	}
	return r
}

// Run probes until ctx ends.
func (p *Prober) Run(ctx context.Context) error {
	limits := newBudget()
	for ctx.Err() == nil {
		select {
		case <-p.restart: // what follows goes by it
		default:
		}
		within, end := context.WithCancel(ctx)
		var all sync.WaitGroup
		c, now := p.begin()
		for _, t := range now {
			all.Go(func() { p.watch(within, t, c.Health, limits) })
		}
		if p.Names != nil {
			for n := range c.Endpoints {
				all.Go(func() { p.watchName(within, &c.Endpoints[n], c.Health, limits) })
			}
		}
		select {
		case <-p.restart:
		case <-ctx.Done():
		}
		end()
		all.Wait()
	}
	return nil
}

// begin takes the targets over, and forgets the records of those that are no more.
func (p *Prober) begin() (*config.Config, []target) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := targets(p.config, p.state)
	records := map[healthreport.Key]Record{}
	p.order = nil
	for _, t := range all {
		r, known := p.records[t.Key]
		if !known {
			r = NewRecord(time.Now())
		}
		records[t.Key] = r
		p.order = append(p.order, t.Key)
	}
	p.records = records
	p.keepServices()
	p.metrics.clear()
	for key, r := range records {
		p.metrics.level(key, r)
	}
	ring(p.changed)
	return p.config, all
}

// watch probes one target again and again.
func (p *Prober) watch(ctx context.Context, t target, h config.Health, limits budget) {
	if t.unknown() {
		p.adopt(t, func(before Record) Record { return before.Unprobed("no address of it has been learnt yet", time.Now()) })
		return
	}
	seen := asking{target: t, prober: within(p.Health, h.Timeout.Duration), successes: h.Successes}
	if !pause(ctx, time.Duration(rand.Float64()*float64(h.Interval.Duration))) { // not all instances at once
		return
	}
	for {
		release, ok := limits.take(ctx)
		if !ok {
			return
		}
		begun := time.Now()
		found := seen.probe(ctx)
		release()
		if ctx.Err() != nil { // it says nothing of the instance
			return
		}
		o := Judge(found, t.expected)
		p.metrics.probed(t.Key, found.Certificate, o)
		p.adopt(t, func(before Record) Record { return before.Next(o, time.Now(), Thresholds{h.Failures, h.Successes}) })
		next := time.Duration(float64(h.Interval.Duration) * (0.9 + 0.2*rand.Float64()))
		if !pause(ctx, next-time.Since(begun)) {
			return
		}
	}
}

// adopt puts a target's next record in place of the one before.
func (p *Prober) adopt(t target, next func(Record) Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.records[t.Key]
	after := next(before)
	p.records[t.Key] = after
	p.metrics.level(t.Key, after)
	if before.Level != after.Level || before.Reason != after.Reason {
		p.Log.Info("an instance does otherwise", "endpoint", t.Endpoint, "instance", t.Instance, "network", t.Network,
			"level", after.Level, "reason", after.Reason, "before", before.Level)
		ring(p.changed)
	}
}

// within lets names be looked up and connections be opened for so long only, and leaves
// more time to an answer.
func within(p health.Prober, limit time.Duration) health.Prober {
	resolve, dial := p.Resolve, p.Dial
	if resolve == nil {
		system := systemResolver(limit)
		resolve = func(ctx context.Context, name string) ([]netip.Addr, error) {
			return system.LookupNetIP(ctx, "ip", name)
		}
	}
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	p.Resolve = func(ctx context.Context, name string) ([]netip.Addr, error) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return resolve(ctx, name)
	}
	p.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return dial(ctx, network, address)
	}
	return p
}

// pause waits, and says whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// ring tells it once, however often it is told before somebody hears.
func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}
