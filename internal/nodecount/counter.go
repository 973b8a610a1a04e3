package nodecount

import (
	"iter"
	"maps"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/internal/watches"
	"github.com/registry-failover/registry-failover/pkg/config"
)

var nodesDesc = prometheus.NewDesc("registry_failover_nodes",
	"Nodes by whether they report that they have applied the switch in force; absent on a replica that doesn't lead, and with node.hosts Off.",
	[]string{"endpoint", "applied"}, nil)

// Options are what a Counter needs; all are required.
type Options struct {
	// Reports and Nodes are watches of the metadata of the nodes' Leases and of Nodes. They
	// keep what [rollout.Annotations] and [rollout.Labels] name.
	Reports, Nodes *watches.Watch
	// InForce gives the value of the switch in force by endpoint; nothing on a replica that doesn't lead.
	InForce func() map[string]string
	Metrics prometheus.Registerer
}

// A Counter counts. Its methods may be called at the same time.
type Counter struct {
	inForce func() map[string]string
	synced  func() bool

	mu      sync.Mutex
	config  *config.Config
	reports map[string]map[string]string // annotations by Lease
	nodes   map[string]map[string]string // labels by Node
	// counted is of values, and of all the above while it isn't nil.
	counted map[string]rollout.Counted
	values  map[string]string
}

// Watch makes a Counter that goes by what the watches show. It must be configured.
func Watch(o Options) (*Counter, error) {
	c := newCounter(o.InForce)
	reports, err := o.Reports.Informer.AddEventHandler(c.handler(c.reports, func(m *metav1.PartialObjectMetadata) map[string]string { return m.Annotations }))
	if err != nil {
		return nil, err
	}
	nodes, err := o.Nodes.Informer.AddEventHandler(c.handler(c.nodes, func(m *metav1.PartialObjectMetadata) map[string]string { return m.Labels }))
	if err != nil {
		return nil, err
	}
	c.synced = func() bool { return reports.HasSynced() && nodes.HasSynced() }
	o.Metrics.MustRegister(c)
	return c, nil
}

func newCounter(inForce func() map[string]string) *Counter {
	return &Counter{
		inForce: inForce, synced: func() bool { return true },
		reports: map[string]map[string]string{}, nodes: map[string]map[string]string{},
	}
}

// Configure changes the configuration.
func (c *Counter) Configure(cfg *config.Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.config, c.counted = cfg, nil
}

// handler notes in known what counts of objects.
func (c *Counter) handler(known map[string]map[string]string, what func(*metav1.PartialObjectMetadata) map[string]string) toolscache.ResourceEventHandler {
	see := func(o any) {
		object, ok := o.(*metav1.PartialObjectMetadata)
		if !ok {
			return
		}
		now := what(object)
		if now == nil {
			now = map[string]string{} // nil would be that there is none
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if before, there := known[object.Name]; !there || !maps.Equal(before, now) {
			c.counted = nil
		}
		known[object.Name] = now
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    see,
		UpdateFunc: func(_, o any) { see(o) },
		DeleteFunc: func(o any) {
			key, err := toolscache.DeletionHandlingObjectToName(o)
			if err != nil {
				return
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(known, key.Name)
			c.counted = nil
		},
	}
}

// Describe is part of prometheus.Collector.
func (c *Counter) Describe(descs chan<- *prometheus.Desc) { descs <- nodesDesc }

// Collect is part of prometheus.Collector.
func (c *Counter) Collect(metrics chan<- prometheus.Metric) {
	for endpoint, n := range c.count() {
		metrics <- prometheus.MustNewConstMetric(nodesDesc, prometheus.GaugeValue, float64(n.Applied), endpoint, "true")
		metrics <- prometheus.MustNewConstMetric(nodesDesc, prometheus.GaugeValue, float64(n.Waiting), endpoint, "false")
	}
}

// count gives a map that nobody changes.
func (c *Counter) count() map[string]rollout.Counted {
	values := c.inForce()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.config == nil || c.config.Node.Hosts == config.HostsOff || !c.synced() {
		return nil
	}
	if c.counted == nil || !maps.Equal(values, c.values) {
		c.counted, c.values = rollout.Count(c.config.Zones(), values, c.reporters()), values
	}
	return c.counted
}

// reporters are all Nodes; c.mu is held.
func (c *Counter) reporters() iter.Seq[rollout.Reporter] {
	return func(yield func(rollout.Reporter) bool) {
		for name, labels := range c.nodes {
			if !yield(rollout.Reporter{Node: name, Labels: labels, Annotations: c.reports[name]}) {
				return
			}
		}
	}
}
