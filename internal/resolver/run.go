package resolver

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/internal/detours"
	"github.com/registry-failover/registry-failover/internal/dnsclient"
	"github.com/registry-failover/registry-failover/internal/dnsserver"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/internal/nodehosts"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// patience is how long a start without cache waits for switch and state before
// it follows PrivateZone. The hosts file is left as it is even then.
const patience = 10 * time.Second

// grace is how long the end waits for files that are being written.
const grace = time.Second

// Options connect a resolver to the world. All but Server and Hosts are required.
type Options struct {
	// Node is the name of the node; empty for the DNS Service.
	Node   string
	Config *config.Config
	// Follow calls its argument with each new good configuration until ctx ends.
	Follow func(ctx context.Context, use func(*config.Config)) error
	// Read publishes what switch and state hold until ctx ends.
	Read  func(ctx context.Context, source config.Source, publish func(inputs.Snapshot)) error
	Cache *lastgood.Store
	// Client asks the DNS servers of the node.
	Client *dnsclient.Client
	// Server answers DNS; nil where nobody asks.
	Server *dnsserver.Server
	// Hosts is the hosts file that gets the block; nil where there is none.
	Hosts *nodehosts.File
	// Detours finds what leads pulls past the hosts file; nil where nobody looks.
	// Without Hosts it isn't called.
	Detours func(endpoints []string) ([]detours.Detour, error)
	// Report writes what the node reports, and renews it; nil where nobody asks.
	// Without Hosts nothing is reported.
	Report func(context.Context, nodereport.Report) error
	// Reset destroys the node's connections to registries at addresses, and returns
	// how many; Check returns why it can't. Both are nil where that is never asked
	// for. Without Hosts they aren't called.
	Reset   func(addrs []netip.Addr) (int, error)
	Check   func(context.Context) error
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// Resolver answers for the shared endpoints of one node, or of the DNS Service.
type Resolver struct {
	options   Options
	core      *Core
	memory    *memory
	metrics   *metrics
	report    report
	hosts     *hostsKeeper
	reporter  *reporter
	refresher *dnsclient.Refresher
	events    chan func()
	notReady  atomic.Pointer[error]
	served    atomic.Pointer[[]Served]
}

// New returns a resolver that doesn't run yet.
func New(o Options) *Resolver {
	r := &Resolver{
		options: o,
		core:    NewCore(o.Node, time.Now),
		memory:  newMemory(o.Cache, o.Metrics, o.Log),
		metrics: newMetrics(o.Metrics),
		report:  report{log: o.Log},
		events:  make(chan func()),
	}
	if o.Hosts != nil {
		r.hosts = newHostsKeeper(o.Hosts, o.Metrics, o.Log)
	}
	if o.Hosts != nil && o.Detours != nil {
		r.hosts.lookout = newLookout(o.Detours, o.Metrics, o.Log)
	}
	if o.Hosts != nil && o.Reset != nil {
		r.hosts.resetter = newResetter(o.Reset, o.Check, o.Metrics, o.Log)
	}
	if o.Hosts != nil && o.Report != nil {
		r.reporter = newReporter(o.Report, o.Metrics, o.Log)
		r.hosts.tell = r.reporter.wanted.put
	}
	starting := errors.New("the resolver is starting")
	r.notReady.Store(&starting)
	r.served.Store(&[]Served{})
	return r
}

// Ready returns why not every endpoint is answered as somebody decided, in one sentence, or nil.
func (r *Resolver) Ready() error { return *r.notReady.Load() }

// Run answers until ctx ends or a part fails.
func (r *Resolver) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	// Everything that changes the core happens in one goroutine, one event after the other.
	send := func(event func()) {
		select {
		case r.events <- event:
		case <-ctx.Done():
		}
	}
	r.refresher = dnsclient.NewRefresher(r.options.Client.Lookup, func(result dnsclient.Result) {
		send(func() { r.found(result) })
	})
	var source config.Source
	stopReading := func() {}
	configure := func(c *config.Config) {
		r.core.Configure(c, r.memory.lastGood)
		r.recall()
		if source == c.PrivateZone.Source {
			return
		}
		// The source decides whether the state is watched: reading begins again.
		source = c.PrivateZone.Source
		stopReading()
		var reading context.Context
		reading, stopReading = context.WithCancel(ctx)
		group.Go(func() error {
			return r.options.Read(reading, c.PrivateZone.Source, func(s inputs.Snapshot) {
				send(func() {
					if reading.Err() == nil {
						r.core.Read(s)
					}
				})
			})
		})
	}
	if r.memory.uninstalling() {
		r.core.Uninstall()
	}
	configure(r.options.Config)
	r.publish()
	group.Go(func() error { return r.loop(ctx) })
	group.Go(func() error { return r.refresher.Run(ctx) })
	group.Go(func() error {
		return r.options.Follow(ctx, func(c *config.Config) { send(func() { configure(c) }) })
	})
	if r.options.Server != nil {
		group.Go(func() error { return r.options.Server.Serve(ctx) })
	}
	if r.hosts != nil && r.hosts.resetter != nil {
		group.Go(func() error { r.hosts.resetter.run(ctx); return nil })
	}
	if r.reporter != nil {
		group.Go(func() error { r.reporter.run(ctx); return nil })
	}
	written := r.startWriters(ctx)
	err := group.Wait()
	select {
	case <-written:
	case <-time.After(grace):
		r.options.Log.Error("a file system hangs: what was to be written may not be")
	}
	return err
}

// startWriters starts what writes files. Nobody waits for them but the end, and
// that not for long: a file system that hangs must not stop anything else.
func (r *Resolver) startWriters(ctx context.Context) (written <-chan struct{}) {
	var writers sync.WaitGroup
	writers.Go(func() { r.memory.run(ctx) })
	if r.hosts != nil {
		writers.Go(func() { r.hosts.run(ctx) })
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	return done
}

func (r *Resolver) loop(ctx context.Context) error {
	patient := time.After(patience)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-patient:
			r.core.Assume()
		case event := <-r.events:
			event()
		}
		r.publish()
	}
}

// publish brings the outside up to date: first the answer, then the file, then
// what is only for people and for a restart.
func (r *Resolver) publish() {
	if r.options.Server != nil {
		r.options.Server.Publish(r.core.Zones())
	}
	if r.hosts != nil {
		r.hosts.wanted.put(wish{r.core.Block(), r.core.Uninstalling(), r.core.Answers(), r.core.leads()})
	}
	names := r.core.Names()
	r.refresher.SetNames(names)
	r.metrics.forget(names)
	ready := r.core.Ready()
	r.notReady.Store(&ready)
	served := r.core.Served()
	r.served.Store(&served)
	r.metrics.show(r.core, served)
	r.report.tell(r.core)
	r.memory.want(r.core, names)
}

// found takes the result of one lookup. A failed one changes nothing, and is
// logged once until the name can be looked up again.
func (r *Resolver) found(result dnsclient.Result) {
	news := r.metrics.looked(result.Name, result.Err != nil)
	switch {
	case news && result.Err != nil:
		r.options.Log.Warn("a lookup failed: the last good records stay", "name", result.Name, "error", result.Err)
	case news:
		r.options.Log.Info("a name can be looked up again", "name", result.Name)
	}
	if result.Err == nil {
		r.core.Found(result.Name, result.Records)
	}
}

// recall takes from the cache what DNS gave before a restart.
func (r *Resolver) recall() {
	for _, name := range r.core.Names() {
		if _, known := r.core.found[name]; known {
			continue
		}
		if last, remembered := r.memory.records(name); remembered && len(last.Addrs) > 0 {
			r.core.Recall(name, last.Records, last.LookedUp)
		}
	}
}
