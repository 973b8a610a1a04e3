package cloudreader

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const (
	// interval is between two readings of an endpoint's zones: 4 calls for two zones.
	interval = 30 * time.Second
	// retry is while the state isn't there, or somebody else writes it: for a moment,
	// so that an endpoint is read anew so often in a row at most.
	retry       = time.Second
	mostRetries = 15
	// patience ends a reading that takes too long, such as one that is throttled.
	patience = 2 * time.Minute
)

// Cloud is what reads from the cloud: an *alibaba.Client.
type Cloud interface {
	ReadZones(ctx context.Context, name string) ([]alibaba.Zone, error)
	ReadInstance(ctx context.Context, id, region string) (alibaba.Instance, error)
}

// Options are what a Reader needs; all are required.
type Options struct {
	Cloud Cloud
	// Store holds the state and the status.
	Store   published.Store
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// Reader reads the zones of all endpoints again and again, and publishes what
// they hold. controller-runtime runs it while the replica leads.
type Reader struct {
	Options
	metrics metrics
	config  atomic.Pointer[config.Config]
	changed chan struct{}
	readAt  sync.Map // by endpoint: when its zones were last read and published, a time.Time

	// Of Start alone:
	inForce   *config.Config
	instances map[string]instance // by id
	failures  map[string]string   // by endpoint or instance id: the error that the log has last told
	retries   map[string]int      // by endpoint: how often in a row it wasn't the moment to publish
	status    map[string]Status   // by endpoint
	recalled  map[string]bool     // the endpoints whose status has been read
	written   map[string]Written  // by endpoint
}

// New makes a Reader. It must be configured before it starts.
func New(o Options) *Reader {
	return &Reader{
		Options: o, metrics: newMetrics(o.Metrics), changed: make(chan struct{}, 1),
		instances: map[string]instance{}, failures: map[string]string{}, retries: map[string]int{},
		status: map[string]Status{}, recalled: map[string]bool{}, written: map[string]Written{},
	}
}

// Configure puts a valid configuration into force, and has everything read anew.
func (r *Reader) Configure(c *config.Config) {
	r.config.Store(c)
	select {
	case r.changed <- struct{}{}:
	default: // it will be
	}
}

// ReadAt is when an endpoint's zones were last read completely, and what they have was in
// the state; the zero time while this replica hasn't done so. It may be called at any time.
func (r *Reader) ReadAt(endpoint string) time.Time {
	at, _ := r.readAt.Load(endpoint)
	t, _ := at.(time.Time)
	return t
}

// NeedLeaderElection is asked by controller-runtime.
func (r *Reader) NeedLeaderElection() bool { return true }

// Start reads until ctx ends.
func (r *Reader) Start(ctx context.Context) error {
	defer r.metrics.clear()
	for {
		select {
		case <-r.changed: // what follows goes by it
		default:
		}
		wait := interval
		c := r.config.Load()
		if c != r.inForce {
			r.inForce, r.instances = c, map[string]instance{}
			r.metrics.clear()
		}
		if !r.round(ctx, c) {
			wait = retry
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.changed:
		case <-time.After(time.Duration(float64(wait) * (0.9 + 0.2*rand.Float64()))): // so that clusters don't ask in step
		}
	}
}

// round reads and publishes all endpoints. It tells whether there is no reason to do
// it again at once. Each endpoint's zones are published as soon as they are read;
// ACR, which may be in the dark, is asked afterwards.
func (r *Reader) round(ctx context.Context, c *config.Config) bool {
	done := true
	type reading struct {
		Input
		instances []config.Instance
	}
	var unfinished []reading
	for i, e := range c.Zones() {
		zones, read := r.readZones(ctx, e.Name)
		if !read {
			continue
		}
		this := reading{Input{Endpoint: e, Primary: c.Endpoints[i].Primary, Zones: zones}, c.Endpoints[i].Instances}
		more := slices.ContainsFunc(this.instances, r.isDue)
		done = r.keep(ctx, this.Input, this.instances, !more) && done
		if more {
			unfinished = append(unfinished, this)
		}
	}
	for _, u := range unfinished {
		if !r.readInstances(ctx, u.instances) {
			break
		}
	}
	for _, u := range unfinished {
		done = r.keep(ctx, u.Input, u.instances, true) && done
	}
	return done
}

// readZones gives all zones of a name, where they can be read.
func (r *Reader) readZones(ctx context.Context, name string) ([]alibaba.Zone, bool) {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	zones, err := r.Cloud.ReadZones(within, name)
	if err != nil {
		if ctx.Err() == nil && r.isNew(name, err) {
			r.Log.Warn("PrivateZone can't be read: what was published stays", "endpoint", name, "error", err, "requestId", requestID(err))
		}
		r.report(ctx, name, func(s *Status) { s.Error = err.Error() })
		return nil, false
	}
	return zones, true
}

// keep publishes one endpoint, and with report tells what there is to say of it. It
// tells whether there is no reason to do it again at once.
func (r *Reader) keep(ctx context.Context, in Input, instances []config.Instance, report bool) bool {
	name := in.Endpoint.Name
	in.Instances, in.Unread = r.known(instances)
	result, wrote, err := r.publish(ctx, in)
	if early := errors.Is(err, errNotYet) || errors.Is(err, published.ErrMeanwhile); !early {
		delete(r.retries, name)
	} else if r.retries[name]++; r.retries[name] <= mostRetries {
		return false
	}
	if err != nil {
		if ctx.Err() == nil && r.isNew(name, err) {
			r.Log.Warn("what PrivateZone has can't be published", "endpoint", name, "error", err)
		}
		r.report(ctx, name, func(s *Status) { s.Error = err.Error() })
		return true // whatever it is, the next reading is soon enough
	}
	r.readAt.Store(name, time.Now())
	if r.failures[name] != "" {
		delete(r.failures, name)
		r.Log.Info("PrivateZone is read and published again", "endpoint", name)
	}
	if wrote {
		r.Log.Info("PrivateZone leads elsewhere: published", "endpoint", name, "zones", result.Zones, "linked", result.Linked)
	}
	if !report {
		return true
	}
	r.metrics.show(in, result)
	first := result.Findings[:min(len(result.Findings), maxFindings)]
	r.tell(name, first)
	r.report(ctx, name, func(s *Status) {
		*s = Status{Findings: first}
		s.Set(result.Target, time.Now())
	})
	return true
}

func (r *Reader) publish(ctx context.Context, in Input) (Result, bool, error) {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stands, err := readState(within, r.Store, in.Endpoint.Name)
	if err != nil {
		return Result{}, false, err
	}
	in.Published = stands.parsed
	result := Merge(in)
	wrote, err := publish(within, r.Store, in.Endpoint.Name, stands, result)
	return result, wrote, err
}

// isNew tells whether an error is another than the last.
func (r *Reader) isNew(what string, err error) bool {
	if r.failures[what] == err.Error() {
		return false
	}
	r.failures[what] = err.Error()
	return true
}

// requestID is what the cloud's support asks for, empty where there is none.
func requestID(err error) string {
	if e, ok := errors.AsType[*alibaba.Error](err); ok {
		return e.RequestID
	}
	return ""
}

// tell logs the findings that weren't there at the last complete reading, but
// for NotRead, which was logged with its request's id.
func (r *Reader) tell(endpoint string, findings []Finding) {
	for _, f := range findings {
		if f.Code != NotRead && !slices.Contains(r.status[endpoint].Findings, f) {
			r.Log.Warn("PrivateZone and ACR want looking at", "endpoint", endpoint, "code", f.Code, "finding", f.Text)
		}
	}
}
