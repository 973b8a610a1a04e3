package stuckpods

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/events"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const (
	// soon is how often is looked within the first minute after a switch, when nodes
	// report, and later how often as long as pods may be made anew.
	soon, later = 5 * time.Second, 15 * time.Second
	// rest is how long is waited at most where nothing rings: the survey comes every 5 minutes.
	rest = time.Minute
	// retry is after a look at the API server that failed.
	retry = 5 * time.Second
	// patience ends a request to the API server that hangs; a list of pods may be long.
	patience = 20 * time.Second
)

// Options are what a Watcher needs; all are required.
type Options struct {
	// Pods are those of all namespaces. Wrapped with stragglers.LimitAnswers a list has a limit in memory.
	Pods corev1client.PodsGetter
	// ConfigMaps are those of the namespace, with the switch.
	ConfigMaps corev1client.ConfigMapInterface
	// Leases are those of the namespace, with the nodes' reports.
	Leases    coordinationv1client.LeaseInterface
	Namespace string
	// Store holds the status.
	Store   published.Store
	Events  events.EventRecorder
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// A Watcher looks after the pods that wait for an image. controller-runtime runs it while
// the replica leads. It is a stragglers.Listener, and looks by itself after a switch only.
type Watcher struct {
	Options
	metrics metrics
	policy  atomic.Pointer[policy]
	survey  atomic.Pointer[sightings]
	rung    chan struct{}

	// Of Start alone:
	inForce  *policy
	switches map[string]*thrownSwitch // by endpoint
	known    sightings
	looked   time.Time
	reports  map[string]nodereport.Report // by node
	passed   map[types.UID]bool           // that can't be deleted, until the next look
	deleted  time.Time                    // when a pod was last
	written  map[string]Status            // by endpoint
	writtens map[string]time.Time
	said     string
}

// New makes a Watcher and registers its metrics. It must be configured before it starts.
func New(o Options) *Watcher {
	return &Watcher{
		Options: o, metrics: newMetrics(o.Metrics), rung: make(chan struct{}, 1), switches: map[string]*thrownSwitch{},
		passed: map[types.UID]bool{}, written: map[string]Status{}, writtens: map[string]time.Time{},
	}
}

// Configure puts a valid configuration into force.
func (w *Watcher) Configure(cfg *config.Config) error {
	r, err := cfg.Rewriter()
	if err != nil {
		return err
	}
	w.policy.Store(&policy{rewriter: r, endpoints: cfg.Zones(), recreate: cfg.Failover.RecreateStuckPods})
	w.ring()
	return nil
}

func (w *Watcher) ring() {
	select {
	case w.rung <- struct{}{}:
	default: // it is already
	}
}

// NeedLeaderElection is asked by controller-runtime.
func (w *Watcher) NeedLeaderElection() bool { return true }

// Start works until ctx ends.
func (w *Watcher) Start(ctx context.Context) error {
	defer w.metrics.clear()
	values, ended := watchSwitch(ctx, w.ConfigMaps, w.Namespace, w.ring)
	defer ended()
	for ctx.Err() == nil {
		wait := w.step(ctx, values())
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		case <-w.rung:
		}
	}
	return nil
}

// step does what is due, and returns when to come again at the latest. Values are the
// switch's; nil while they aren't known.
func (w *Watcher) step(ctx context.Context, values map[string]string) time.Duration {
	p := w.policy.Load()
	if p != w.inForce { // an endpoint may have left it
		w.inForce = p
		w.metrics.clear()
	}
	wait := w.see(ctx, p, values, time.Now())
	fresh := w.take()
	if every := w.pace(p, time.Now()); every > 0 {
		due := time.Until(w.looked.Add(every))
		if due <= 0 {
			fresh = w.look(ctx, p) || fresh
			due = every
		}
		wait = min(wait, due)
	}
	if fresh {
		w.readReports(ctx, time.Now())
		clear(w.passed)
	}
	if w.known.at.IsZero() {
		return wait
	}
	if p.recreate {
		wait = min(wait, w.recreate(ctx))
	}
	for _, e := range p.endpoints {
		if w.switches[e.Name] == nil { // what stands there would be lost
			continue
		}
		wait = min(wait, w.publish(ctx, e.Name, w.status(p, e.Name, time.Now()), time.Now()))
	}
	return wait
}

// pace is how often to look by itself; 0 where the surveys are enough.
func (w *Watcher) pace(p *policy, now time.Time) time.Duration {
	every := time.Duration(0)
	for _, e := range p.endpoints {
		s, known := w.switches[e.Name]
		switch {
		case !known || s.Since.IsZero():
		case now.Sub(s.Since) < time.Minute:
			return soon
		case now.Sub(s.Since) < Within:
			every = later
		}
	}
	return every
}

// warn logs what can't be done, where the error isn't the last one.
func (w *Watcher) warn(ctx context.Context, cannot string, err error) {
	if ctx.Err() != nil || w.said == err.Error() {
		return
	}
	w.said = err.Error()
	w.Log.Warn("pods that wait for an image can't be looked after as they should", "cannot", cannot, "error", err)
}
