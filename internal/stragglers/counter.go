package stragglers

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

const (
	// interval is between two surveys: 50,000 pods are 500 pages each time.
	interval = 5 * time.Minute
	// retry is after one that failed.
	retry = 30 * time.Second
)

// A Listener sees every unfinished pod of each survey, so that the cluster's pods are listed
// once for all who want to know of them.
type Listener interface {
	// Begin is called before a survey. Visit is called with each pod, which it must not keep,
	// and end when these were all; it isn't called where the survey fails.
	Begin() (visit func(*corev1.Pod), end func())
}

// Options are what a Counter needs; all but the Listeners are required.
type Options struct {
	// Client limits its own rate: a survey may take a minute.
	Client corev1client.CoreV1Interface
	// Namespace is the product's own.
	Namespace string
	Metrics   prometheus.Registerer
	Log       *slog.Logger
	Listeners []Listener
}

// Counter surveys the cluster again and again, and shows the counts as metrics.
// controller-runtime runs it while the replica leads.
type Counter struct {
	Options
	policy  atomic.Pointer[policy]
	changed chan struct{}
	counts  atomic.Pointer[counts]
}

type policy struct {
	rewriter    *rewrite.Rewriter
	enforcement config.Enforcement
	endpoints   []string
}

// New makes a Counter and registers its metrics. It must be configured before it starts.
func New(o Options) *Counter {
	c := &Counter{Options: o, changed: make(chan struct{}, 1)}
	o.Metrics.MustRegister(c)
	return c
}

// Configure puts a valid configuration into force, and has the cluster surveyed anew.
func (c *Counter) Configure(cfg *config.Config) error {
	r, err := cfg.Rewriter()
	if err != nil {
		return err
	}
	p := &policy{rewriter: r, enforcement: cfg.Admission.Enforcement}
	for _, e := range cfg.Endpoints {
		p.endpoints = append(p.endpoints, e.Name)
	}
	c.policy.Store(p)
	select {
	case c.changed <- struct{}{}:
	default: // it will be
	}
	return nil
}

// NeedLeaderElection is asked by controller-runtime.
func (c *Counter) NeedLeaderElection() bool { return true }

// Start surveys until ctx ends.
func (c *Counter) Start(ctx context.Context) error {
	for {
		select {
		case <-c.changed: // the survey that follows goes by it
		default:
		}
		wait := interval
		if counted, err := c.survey(ctx); err == nil {
			c.counts.Store(counted)
		} else if ctx.Err() == nil {
			wait = retry
			c.Log.Warn("the pods that name a source host can't be counted: the last count stays", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.changed:
		case <-time.After(time.Duration(float64(wait) * (0.9 + 0.2*rand.Float64()))): // so that clusters don't ask in step
		}
	}
}

func (c *Counter) survey(ctx context.Context) (*counts, error) {
	p := c.policy.Load()
	namespaces, err := ReadNamespaces(ctx, c.Client, "", c.Namespace, p.enforcement)
	if err != nil {
		return nil, err
	}
	counted := &counts{pods: map[kind]int{}}
	for _, endpoint := range p.endpoints {
		for _, reason := range Reasons {
			counted.pods[kind{endpoint, reason}] = 0
		}
	}
	var images Held
	visit, end := c.begin()
	err = EachPod(ctx, c.Client, "", func(pod *corev1.Pod) {
		visit(pod)
		if names := namespaces.Images(p.rewriter, pod); len(names) > 0 {
			counted.add(names)
			for _, i := range names {
				images.Add(i)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	end()
	if err := images.Look(ctx, c.Client); err != nil {
		return nil, fmt.Errorf("images of nodes: %w", err)
	}
	counted.images = images.ByEndpoint()
	for _, endpoint := range p.endpoints {
		counted.images[endpoint] += 0
	}
	counted.ended = time.Now()
	return counted, nil
}

// begin is one Listener for all.
func (c *Counter) begin() (visit func(*corev1.Pod), end func()) {
	var visits []func(*corev1.Pod)
	var ends []func()
	for _, l := range c.Listeners {
		visit, end := l.Begin()
		visits, ends = append(visits, visit), append(ends, end)
	}
	return func(pod *corev1.Pod) {
			for _, visit := range visits {
				visit(pod)
			}
		}, func() {
			for _, end := range ends {
				end()
			}
		}
}
