package healthquorum

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/events"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	// lookEvery is how soon it is seen that a report has become old.
	lookEvery = 5 * time.Second
	// begins is how long a leader that finds too few fresh reports goes by what the one
	// before has found: by then each prober has renewed its report, which a leader whose clock
	// is another takes for old until it sees that.
	begins = healthreport.RenewEvery + lookEvery
	// gather is how long is waited after a report has come, because others come with it.
	gather = 200 * time.Millisecond
	// patience ends a request to the API server that hangs.
	patience = 10 * time.Second
)

// Options are what a Collector needs; all are required.
type Options struct {
	// Leases are those of the namespace.
	Leases    coordinationv1client.LeaseInterface
	Namespace string
	// Store holds the status.
	Store published.Store
	// Wanted is how many probers there should be; negative while that isn't known.
	Wanted  func() int
	Events  events.EventRecorder
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// A Collector finds again and again what the probers say together. controller-runtime
// runs it while the replica leads.
type Collector struct {
	Options
	metrics metrics
	config  atomic.Pointer[config.Config]
	heard   atomic.Pointer[Heard]
	changed chan struct{}

	// Of Start alone:
	inForce  *config.Config
	status   map[string]Status // by endpoint
	recalled map[string]bool   // the endpoints whose status has been read
	written  map[string]written
	fresh    Freshness
	begun    time.Time
	said     map[string]string // the last error, by endpoint
	unread   map[string]string // the same, by Lease
}

// New makes a Collector. It must be configured before it starts.
func New(o Options) *Collector {
	return &Collector{
		Options: o, metrics: newMetrics(o.Metrics), changed: make(chan struct{}, 1), status: map[string]Status{},
		recalled: map[string]bool{}, written: map[string]written{}, fresh: Freshness{},
		said: map[string]string{}, unread: map[string]string{},
	}
}

// Configure puts a valid configuration into force.
func (c *Collector) Configure(cfg *config.Config) {
	c.config.Store(cfg)
	c.ring()
}

func (c *Collector) ring() {
	select {
	case c.changed <- struct{}{}:
	default: // it is already
	}
}

// NeedLeaderElection is asked by controller-runtime.
func (c *Collector) NeedLeaderElection() bool { return true }

// Start collects until ctx ends.
func (c *Collector) Start(ctx context.Context) error {
	defer c.metrics.clear()
	there, ended := watchLeases(ctx, c.Leases, c.ring)
	defer ended()
	c.begun = time.Now()
	for ctx.Err() == nil {
		wait := lookEvery
		if there.synced() {
			wait = c.look(ctx, there.sightings(c.Log, c.unread), time.Now())
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		case <-c.changed:
			select {
			case <-ctx.Done():
			case <-time.After(gather):
			}
		}
	}
	return nil
}

// look finds and tells what there is to say of every endpoint. It returns when to look
// again at the latest.
func (c *Collector) look(ctx context.Context, all []Sighting, now time.Time) (wait time.Duration) {
	wait = lookEvery
	fresh := c.fresh.Fresh(all, now)
	wanted := c.Wanted()
	cfg := c.config.Load()
	c.hear(cfg, fresh, now)
	if cfg != c.inForce { // an instance may have left it
		c.inForce = cfg
		c.metrics.begin()
	}
	c.metrics.probers(max(wanted, 0), len(fresh))
	for _, e := range cfg.Zones() {
		if err := c.recall(ctx, e.Name); err != nil {
			c.warn(ctx, e.Name, err)
			continue
		}
		before := c.status[e.Name]
		if isBlind(len(fresh), wanted) && !before.At.IsZero() && now.Sub(c.begun) < begins {
			continue
		}
		after := Status{At: now.UTC().Truncate(time.Second), Wanted: max(wanted, 0), Fresh: len(fresh), Serving: serving(e.Name, fresh)}
		for _, key := range keys(e) {
			f := Judge(key, fresh, wanted)
			i := Instance{Instance: key.Instance, Network: string(key.Network), Finding: f, Since: after.At}
			if old, known := before.find(key); known && old.Level == f.Level {
				i.Since = old.Since
			} else {
				c.tell(ctx, e.Name, old.Level, i)
			}
			after.Instances = append(after.Instances, i)
			c.metrics.show(key, f, fresh)
		}
		c.status[e.Name] = after
		wait = min(wait, c.publish(ctx, e.Name, after, now))
	}
	return wait
}

// keys are what is probed of an endpoint: what words of its switch lead to.
func keys(e zone.Endpoint) []healthreport.Key {
	var all []healthreport.Key
	for _, i := range e.Instances {
		if len(i.InternalAddrs) > 0 || e.LearnsInternal && i.VPC != "" {
			all = append(all, healthreport.Key{Endpoint: e.Name, Instance: i.Name, Network: zone.Internal})
		}
		all = append(all, healthreport.Key{Endpoint: e.Name, Instance: i.Name, Network: zone.Public})
	}
	return all
}

func (s Status) find(key healthreport.Key) (Instance, bool) {
	for _, i := range s.Instances {
		if i.Instance == key.Instance && i.Network == string(key.Network) {
			return i, true
		}
	}
	return Instance{}, false
}

// recall takes over what the leader before has found, so that what has lasted
// doesn't begin anew.
func (c *Collector) recall(ctx context.Context, endpoint string) error {
	if c.recalled[endpoint] {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	read, err := c.Store.Read(ctx, inputs.StatusName, endpoint)
	if err != nil {
		return err
	}
	var stands struct{ Health Status }
	if read.There && json.Unmarshal([]byte(read.Text), &stands) == nil { // else it tells nothing
		c.status[endpoint] = stands.Health.recalled(time.Now())
	}
	c.recalled[endpoint] = true
	return nil
}

// warn logs an error that isn't the last one.
func (c *Collector) warn(ctx context.Context, endpoint string, err error) {
	if ctx.Err() != nil || c.said[endpoint] == err.Error() {
		return
	}
	c.said[endpoint] = err.Error()
	c.Log.Warn("the instances' health can't be published", "endpoint", endpoint, "error", err)
}
