package companions

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// workers is how many Secrets are worked on at a time: with one, a request that
// hangs would hold up all others.
const workers = 2

// Options are what a Keeper needs; all are required.
type Options struct {
	// Writer reads and writes Secrets.
	Writer *ownedsecrets.Writer
	// Metadata watches. It needs no limit of its own.
	Metadata metadata.Interface
	// ConfigMaps are those of the product's namespace, for the index.
	ConfigMaps corev1client.ConfigMapInterface
	// Namespace is the product's own.
	Namespace string
	Metrics   prometheus.Registerer
	Events    events.EventRecorder
	Log       *slog.Logger
}

// Keeper keeps companions and the index. controller-runtime runs it while the replica leads.
type Keeper struct {
	Options
	settings atomic.Pointer[settings]
	changed  chan struct{}
	view     *view
	report   *report
	index    *publisher
	calm     calm
	lanes    *lanes
	queue    workqueue.TypedRateLimitingInterface[key]

	mu     sync.Mutex
	scopes map[string]*scope // by namespace, empty for all
}

// New makes a Keeper and registers its metrics. It must be configured before it starts.
func New(o Options) *Keeper {
	k := &Keeper{Options: o, changed: make(chan struct{}, 1), view: newView(), scopes: map[string]*scope{}}
	k.report = &report{events: o.Events, log: o.Log, failing: map[key]bool{}, problems: map[key]problems{}}
	k.index = newPublisher(k)
	o.Metrics.MustRegister(collector{k})
	return k
}

// Configure puts a valid configuration into force.
func (k *Keeper) Configure(c *config.Config) {
	k.settings.Store(newSettings(c, k.Namespace))
	select {
	case k.changed <- struct{}{}:
	default: // it will be seen
	}
}

// NeedLeaderElection is asked by controller-runtime.
func (k *Keeper) NeedLeaderElection() bool { return true }

// Start works until ctx ends. It is called once.
func (k *Keeper) Start(ctx context.Context) error {
	k.lanes = newLanes()
	k.queue = workqueue.NewTypedRateLimitingQueueWithConfig(
		workqueue.NewTypedItemExponentialFailureRateLimiter[key](100*time.Millisecond, 30*time.Second),
		workqueue.TypedRateLimitingQueueConfig[key]{DelayingQueue: workqueue.NewTypedDelayingQueueWithConfig(
			workqueue.TypedDelayingQueueConfig[key]{Queue: workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[key]{Queue: k.lanes})},
		)},
	)
	k.report.lead(true)
	defer k.report.lead(false)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for k.work(ctx) {
			}
		})
	}
	running.Go(func() { k.index.run(ctx) })
	for before := (*settings)(nil); ctx.Err() == nil; {
		now := k.settings.Load()
		if before != now {
			k.adjust(ctx, before, now)
			before = now
		}
		select {
		case <-k.changed:
		case <-ctx.Done():
		}
	}
	k.queue.ShutDown()
	k.adjust(ctx, nil, &settings{PullSecrets: config.PullSecrets{Mode: config.PullSecretsOff}})
	running.Wait()
	return nil
}

// adjust has those namespaces be watched that the settings name.
func (k *Keeper) adjust(ctx context.Context, before, now *settings) {
	scopes := now.scopes()
	k.mu.Lock()
	var closed []*scope
	for namespace, s := range k.scopes {
		if !scopes[namespace] {
			closed = append(closed, s)
			delete(k.scopes, namespace)
		}
	}
	k.mu.Unlock()
	if before != nil && before.derives() && len(scopes) == 0 {
		k.report.left(k.view.derivedIn()) // the rights to find out later go as well
	}
	for _, s := range closed {
		s.close()
	}
	k.report.keep(now.covers)
	if before == nil && len(scopes) == 0 {
		return
	}
	k.mu.Lock()
	for namespace := range scopes {
		if k.scopes[namespace] == nil {
			k.scopes[namespace] = k.open(ctx, namespace)
		}
	}
	k.mu.Unlock()
	k.look(k.view.keys(k.listed), false)
	k.index.ring()
}

// listed tells whether all that is in a namespace has been shown.
func (k *Keeper) listed(namespace string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.scopes[namespace]
	if s == nil {
		s = k.scopes[""]
	}
	return s != nil && s.listed()
}

// within tells of namespaces whether they belong to a scope.
func (k *Keeper) within(scope string) func(string) bool {
	return func(namespace string) bool { return scope == "" || scope == namespace }
}

// unwatched is how many namespaces, or all as one, can't be watched.
func (k *Keeper) unwatched() (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.scopes {
		if s.failing.Load() {
			n++
		}
	}
	return n
}

// look has originals looked at. Before all that is there has been listed nothing is.
func (k *Keeper) look(originals []key, urgent bool) {
	for _, o := range originals {
		if k.listed(o.namespace) {
			k.lanes.mark(o, urgent)
			k.queue.Add(o)
		}
	}
}
