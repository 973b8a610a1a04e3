package automatic

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/tools/events"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	// decideEvery is between two steps in which nobody has written the switch.
	decideEvery = time.Second
	// patience ends a request to the API server that hangs.
	patience = 10 * time.Second
	// doubtEvery is how often it is looked what has become of a write in doubt, where the watch
	// shows nothing.
	doubtEvery = 30 * time.Second
	// refusedFor is how long is waited after the API server has refused a value for another
	// reason than that somebody was faster.
	refusedFor = 10 * time.Second
)

// Options are what a Controller needs.
type Options struct {
	// Store holds the switch, the status, and what is remembered.
	Store published.Store
	// Watch tells of the switch and the state until ctx ends, as inputs.Kube does.
	Watch func(ctx context.Context, publish func(inputs.Snapshot)) error
	// Heard gives what the probers say; nil where there are none.
	Heard func() *healthquorum.Heard
	// Ready tells of the instances' images; nil takes what stands in the status.
	Ready Readiness
	// PrivateZone tells what PrivateZone gives.
	PrivateZone PrivateZone
	// Lookup asks DNS for a name, as dnsclient.Client does.
	Lookup    Lookup
	Namespace string
	Events    events.EventRecorder
	Metrics   prometheus.Registerer
	Log       *slog.Logger
}

// A Readiness tells which share of this cluster's images an instance has, 0 to 1 by its
// name. One that isn't in it isn't known.
type Readiness interface {
	Ready(endpoint string) map[string]float64
}

// A Controller makes a step for each endpoint again and again. controller-runtime runs it
// while the replica leads.
type Controller struct {
	Options
	metrics metrics
	config  atomic.Pointer[config.Config]
	changed chan struct{}
	inputs  atomic.Pointer[inputs.Snapshot]
	learnt  atomic.Pointer[learnt]

	// Of Start alone:
	endpoints map[string]*endpoint
}

// New makes a Controller. It must be configured before it starts.
func New(o Options) *Controller {
	c := &Controller{Options: o, metrics: newMetrics(o.Metrics), changed: make(chan struct{}, 1), endpoints: map[string]*endpoint{}}
	c.learnt.Store(&learnt{})
	return c
}

// Configure puts a valid configuration into force.
func (c *Controller) Configure(cfg *config.Config) {
	c.config.Store(cfg)
	c.ring()
}

func (c *Controller) ring() {
	select {
	case c.changed <- struct{}{}:
	default: // it is already
	}
}

// NeedLeaderElection is asked by controller-runtime.
func (c *Controller) NeedLeaderElection() bool { return true }

// Start decides until ctx ends.
func (c *Controller) Start(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer c.metrics.clear()
	failed := make(chan error, 1)
	running.Go(func() {
		if err := c.Watch(ctx, func(s inputs.Snapshot) {
			c.inputs.Store(&s)
			c.ring()
		}); err != nil {
			failed <- err
		}
	})
	running.Go(func() { c.learn(ctx) })
	for {
		c.round(ctx)
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-time.After(decideEvery):
		case <-c.changed:
		}
	}
}

// round makes a step for each endpoint.
func (c *Controller) round(ctx context.Context) {
	cfg, seen := c.config.Load(), c.inputs.Load()
	if seen == nil || !seen.Switch.Known {
		return // nothing can be said of it yet
	}
	zones := cfg.Zones()
	names := make([]string, len(zones))
	for n, e := range zones {
		names[n] = e.Name
	}
	if inputs.Uninstalling(seen.Switch.Mark, seen.Switch.Values, names) {
		return
	}
	for name := range c.endpoints {
		if !slices.Contains(names, name) {
			delete(c.endpoints, name)
			c.metrics.forget(name)
		}
	}
	heard := c.heard()
	now := time.Now()
	var all []*endpoint
	for n, e := range zones {
		known := c.endpoints[e.Name]
		if known == nil {
			known = &endpoint{Controller: c, name: e.Name}
			c.endpoints[e.Name] = known
		}
		known.in, known.zone.seenAt = c.gather(e, cfg, n, seen, heard, now)
		all = append(all, known)
	}
	for _, e := range all { // all of them first: what becomes of one's write tells of the others'
		if err := e.recall(ctx); err != nil {
			e.failed(ctx, failover.Decide(e.in, failover.State{}), err)
		}
	}
	for _, e := range all {
		if ctx.Err() == nil && e.recalled {
			e.step(ctx)
		}
		if ctx.Err() == nil {
			e.showZone(ctx)
		}
	}
}

// heard is what the probers say now, nil where that isn't known.
func (c *Controller) heard() *healthquorum.Heard {
	if c.Heard == nil {
		return nil
	}
	if h := c.Heard(); h != nil && time.Since(h.At) <= oldestHeard {
		return h
	}
	return nil
}

// gather is all that is known of an endpoint, but for what the API server says of the
// switch, and when what it has of PrivateZone was seen.
func (c *Controller) gather(e zone.Endpoint, cfg *config.Config, n int, seen *inputs.Snapshot, heard *healthquorum.Heard, now time.Time) (failover.Input, time.Time) {
	in := failover.Input{
		Now: now, Endpoint: e, Primary: cfg.Endpoints[n].Primary, Rules: cfg.Failover, Probes: cfg.Health,
		Switch: seen.Switch.Values[e.Name],
	}
	in.VantagePoints, in.Health = vantage(heard, e.Name)
	l := c.learnt.Load()
	var seenAt time.Time
	in.Learnt, seenAt = c.PrivateZone.read(e, seen.State, l, now)
	if in.ZoneKnown = !seenAt.IsZero(); in.ZoneKnown {
		in.ZoneTarget = leadsTo(e, cfg.Endpoints[n], in.Learnt)
	}
	in.Ready = l.ready[e.Name].shares(cfg.Failover.ReadyShare, now)
	if c.Ready != nil {
		in.Ready = c.Ready.Ready(e.Name)
	}
	return in, seenAt
}
