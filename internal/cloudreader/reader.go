package cloudreader

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	// interval is between two readings of an endpoint's zones: 4 calls for two zones.
	interval = 30 * time.Second
	// instanceInterval is between two readings of an instance, 2 calls: what they
	// tell changes with a person's work only.
	instanceInterval = 10 * time.Minute
	// retry is while the state isn't there, or somebody else writes it.
	retry = time.Second
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

	// Of Start alone:
	inForce   *config.Config
	instances map[string]instance // by id
	failures  map[string]string   // by endpoint or instance id: the error that the log has last told
	status    map[string]Status   // by endpoint
	written   map[string]written  // by endpoint
}

// An instance is known once it was read; tried is the last attempt.
type instance struct {
	alibaba.Instance
	read, tried time.Time
	err         error // of the last attempt
}

// New makes a Reader. It must be configured before it starts.
func New(o Options) *Reader {
	return &Reader{
		Options: o, metrics: newMetrics(o.Metrics), changed: make(chan struct{}, 1),
		instances: map[string]instance{}, failures: map[string]string{},
		status: map[string]Status{}, written: map[string]written{},
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
		endpoints := c.Zones()
		for i, e := range endpoints {
			if !r.keep(ctx, e, c.Endpoints[i]) {
				wait = retry
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.changed:
		case <-time.After(time.Duration(float64(wait) * (0.9 + 0.2*rand.Float64()))): // so that clusters don't ask in step
		}
	}
}

// keep reads and publishes one endpoint. It tells whether there is no reason to
// do it again at once.
func (r *Reader) keep(ctx context.Context, e zone.Endpoint, c config.Endpoint) bool {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	zones, err := r.Cloud.ReadZones(within, e.Name)
	if err != nil {
		if ctx.Err() == nil && r.isNew(e.Name, err) {
			r.Log.Warn("PrivateZone can't be read: what was published stays", "endpoint", e.Name, "error", err, "requestId", requestID(err))
		}
		r.report(ctx, e.Name, func(s *Status) { s.Error = err.Error() })
		return true
	}
	in := Input{Endpoint: e, Primary: c.Primary, Zones: zones}
	in.Instances, in.Unread = r.read(within, c.Instances)
	result, wrote, err := r.publish(ctx, in)
	switch {
	case errors.Is(err, errNotYet), errors.Is(err, published.ErrMeanwhile):
		return false
	case err != nil:
		if ctx.Err() == nil && r.isNew(e.Name, err) {
			r.Log.Warn("what PrivateZone has can't be published", "endpoint", e.Name, "error", err)
		}
		r.report(ctx, e.Name, func(s *Status) { s.Error = err.Error() })
		return true
	}
	if r.failures[e.Name] != "" {
		delete(r.failures, e.Name)
		r.Log.Info("PrivateZone is read and published again", "endpoint", e.Name)
	}
	if wrote {
		r.Log.Info("PrivateZone leads elsewhere: published", "endpoint", e.Name, "zones", result.Zones)
	}
	r.metrics.show(in, result)
	first := result.Findings[:min(len(result.Findings), maxFindings)]
	r.tell(e.Name, first)
	r.report(ctx, e.Name, func(s *Status) {
		*s = Status{ReadAt: time.Now().UTC().Truncate(time.Second), Target: result.Target, Findings: first}
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
	in.Published = stands.zones
	result := Merge(in)
	wrote, err := publish(within, r.Store, in.Endpoint.Name, stands, result.Zones)
	return result, wrote, err
}

// read gives what is known of instances, and which couldn't be read now, by
// their names. Such a one is as it was read last.
func (r *Reader) read(ctx context.Context, configured []config.Instance) (known map[string]alibaba.Instance, unread map[string]Unread) {
	known, unread = map[string]alibaba.Instance{}, map[string]Unread{}
	for _, i := range configured {
		if i.ID == "" || i.Region == "" {
			continue
		}
		last := r.instances[i.ID]
		if time.Since(last.tried) >= instanceInterval {
			read, err := r.Cloud.ReadInstance(ctx, i.ID, i.Region)
			last.tried, last.err = time.Now(), err
			switch {
			case err == nil:
				last.Instance, last.read = read, last.tried
				delete(r.failures, i.ID)
			case r.isNew(i.ID, err):
				r.Log.Warn("ACR can't be read: what it said of the instance stays", "instance", i.Name, "error", err, "requestId", requestID(err))
			}
			r.instances[i.ID] = last
		}
		if !last.read.IsZero() {
			known[i.Name] = last.Instance
		}
		if last.err != nil {
			unread[i.Name] = Unread{Since: last.read, Err: last.err}
		}
	}
	return known, unread
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
