package readiness

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/events"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

const (
	// interval is between two surveys, retry after one that failed.
	interval = 5 * time.Minute
	retry    = 30 * time.Second
	// patience ends a request to the API server that hangs.
	patience = 10 * time.Second
	// askers put questions to one instance at the same time: with one alone, the time to
	// another region and back would be the limit.
	askers = 4
)

// Options are what a Keeper needs; all are required but Prober.
type Options struct {
	Cluster Cluster
	// Keys reads Secrets and ServiceAccounts, and answers drills, without a limit of its own.
	Keys corev1client.CoreV1Interface
	// Namespace is the product's own.
	Namespace string
	// Store holds the status and the list of images, and the state that addresses are in.
	Store published.Store
	// Prober is how the instances are reached; its zero value reaches them as the system does.
	Prober  health.Prober
	Events  events.EventRecorder
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// A Keeper looks the images up again and again. controller-runtime runs it while the
// replica leads.
type Keeper struct {
	Options
	metrics metrics
	keys    *keys
	config  atomic.Pointer[settings]
	changed chan struct{} // the configuration
	// drills is what stands in the ConfigMap DrillsName; rung says that it is another.
	drills atomic.Pointer[map[string]string]
	rung   chan struct{}
	// surveying has one place: one at a time surveys.
	surveying chan struct{}

	mutex sync.Mutex
	book  *Book
	// merged is closed when there is more to ask for, and replaced.
	merged   chan struct{}
	surveyed bool
	doors    map[string]map[string]*door // by endpoint and instance
}

// settings are a configuration, and what is made of it.
type settings struct {
	*config.Config
	rewriter *rewrite.Rewriter
}

// New makes a Keeper. It must be configured before it starts.
func New(o Options) *Keeper {
	return &Keeper{
		Options: o, metrics: newMetrics(o.Metrics), keys: newKeys(o.Keys), changed: make(chan struct{}, 1),
		rung: make(chan struct{}, 1), surveying: make(chan struct{}, 1),
		book: NewBook(rand.Float64), merged: make(chan struct{}),
	}
}

// Configure puts a valid configuration into force, and has the cluster surveyed anew.
func (k *Keeper) Configure(c *config.Config) error {
	r, err := c.Rewriter()
	if err != nil {
		return err
	}
	k.config.Store(&settings{c, r})
	select {
	case k.changed <- struct{}{}:
	default: // it will be
	}
	return nil
}

// NeedLeaderElection is asked by controller-runtime.
func (k *Keeper) NeedLeaderElection() bool { return true }

// Start works until ctx ends.
func (k *Keeper) Start(ctx context.Context) error {
	defer k.metrics.clear()
	for ctx.Err() == nil {
		select {
		case <-k.changed: // what follows goes by it
		default:
		}
		k.work(ctx)
	}
	return nil
}

// work goes by one configuration, until there is another or ctx ends.
func (k *Keeper) work(ctx context.Context) {
	c := k.config.Load()
	ctx, end := context.WithCancel(ctx)
	defer end()
	k.metrics.clear()
	others := k.keys.configure(c.Config)
	k.mutex.Lock()
	k.book.Configure(endpointsOf(c.Config))
	if others {
		k.book.AskAgain()
	}
	k.doors = k.openDoors(c.Config)
	k.mutex.Unlock()
	var all sync.WaitGroup
	for endpoint, doors := range k.doors {
		for instance, d := range doors {
			for range askers {
				all.Go(func() { k.askOn(ctx, endpoint, instance, d) })
			}
			defer d.end()
		}
	}
	all.Go(func() { k.surveyOn(ctx, c) })
	all.Go(func() { newPublisher(k, c.Config).run(ctx) })
	all.Go(func() { k.drillOn(ctx, c) })
	select {
	case <-ctx.Done():
	case <-k.changed:
		select {
		case k.changed <- struct{}{}: // for Start
		default:
		}
	}
	end()
	all.Wait()
}

func endpointsOf(c *config.Config) []Endpoint {
	var all []Endpoint
	for _, e := range c.Endpoints {
		endpoint := Endpoint{Name: e.Name, Primary: e.Primary}
		for _, i := range e.Instances {
			endpoint.Instances = append(endpoint.Instances, Instance{i.Name, i.ID})
		}
		all = append(all, endpoint)
	}
	return all
}

// surveyOn surveys the cluster again and again.
func (k *Keeper) surveyOn(ctx context.Context, c *settings) {
	for {
		wait := interval
		err := k.survey(ctx, c, func() bool { return true })
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			wait = retry
			k.Log.Warn("the images of workloads can't be listed: those that are known stay", "error", err)
		}
		if !pause(ctx, time.Duration(float64(wait)*(0.9+0.2*rand.Float64())), nil) {
			return
		}
	}
}

// survey surveys the cluster, one at a time, if that is still wanted when its turn comes.
func (k *Keeper) survey(ctx context.Context, c *settings, wanted func() bool) error {
	select {
	case k.surveying <- struct{}{}:
		defer func() { <-k.surveying }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if !wanted() {
		return nil
	}
	s, err := k.Cluster.survey(ctx, c.rewriter, k.Namespace, c.Admission.Enforcement)
	if err != nil {
		return err
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.book.Merge(s)
	k.surveyed = true
	close(k.merged)
	k.merged = make(chan struct{})
	return nil
}

// askOn puts the questions of one instance that are due, one after the other.
func (k *Keeper) askOn(ctx context.Context, endpoint, instance string, d *door) {
	for ctx.Err() == nil {
		k.mutex.Lock()
		q, wait := k.book.Next(endpoint, instance, time.Now())
		merged := k.merged
		k.mutex.Unlock()
		if q == nil {
			pause(ctx, wait, merged)
			continue
		}
		reader, wait := d.enter(ctx)
		if reader == nil {
			k.note(func() { k.book.Drop(q) })
			pause(ctx, wait, nil)
			continue
		}
		a := ask(ctx, reader, k.keys, q, instance)
		if ctx.Err() != nil {
			k.note(func() { k.book.Drop(q) })
			return
		}
		if _, isElsewhere := a.err.(elsewhereError); !isElsewhere { //nolint:errorlint // it is never wrapped
			d.leave(a.err)
			k.metrics.asked(endpoint, instance, a.err)
		}
		k.note(func() { k.book.Take(q, a, time.Now()) })
	}
}

func (k *Keeper) note(change func()) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	change()
}

// pause waits for a time, or until the bell is closed, and says whether ctx goes on.
func pause(ctx context.Context, d time.Duration, bell <-chan struct{}) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
	case <-bell:
	}
	return ctx.Err() == nil
}
