package companions

import "github.com/prometheus/client_golang/prometheus"

var (
	originalsDesc = prometheus.NewDesc("registry_failover_pull_secret_originals",
		"Pull secrets of the covered namespaces that are followed.", nil, nil)
	overLimitDesc = prometheus.NewDesc("registry_failover_pull_secret_over_limit",
		"Pull secrets that aren't followed because there are too many.", nil, nil)
	companionsDesc = prometheus.NewDesc("registry_failover_pull_secret_companions",
		"Companions of pull secrets that stand.", nil, nil)
	conflictsDesc = prometheus.NewDesc("registry_failover_pull_secret_conflicts",
		"Companions that can't be written because a Secret of somebody else has the name.", nil, nil)
	unreadableDesc = prometheus.NewDesc("registry_failover_pull_secret_unreadable",
		"Pull secrets whose content can't be read; their companions stay as they are.", nil, nil)
	unwatchedDesc = prometheus.NewDesc("registry_failover_pull_secret_namespaces_unwatched",
		"Namespaces whose Secrets can't be watched; all namespaces together are one.", nil, nil)
	leftDesc = prometheus.NewDesc("registry_failover_pull_secret_namespaces_left",
		"Namespaces with companions that nobody follows any more; the log names them.", nil, nil)
	unlistedDesc = prometheus.NewDesc("registry_failover_pull_secret_index_left_out",
		"Pull secrets that the index has no room for; the webhook guesses what they hold.", nil, nil)
)

// collector shows how things are; nothing on a replica that doesn't lead.
type collector struct{ k *Keeper }

// Describe is part of prometheus.Collector.
func (c collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{originalsDesc, overLimitDesc, companionsDesc, conflictsDesc, unreadableDesc, unwatchedDesc, leftDesc, unlistedDesc} {
		descs <- d
	}
}

// Collect is part of prometheus.Collector.
func (c collector) Collect(metrics chan<- prometheus.Metric) {
	r := c.k.report
	r.mu.Lock()
	leads, left := r.leads, len(r.leftIn)
	var unreadable, conflicts int
	for _, p := range r.problems {
		conflicts += len(p.conflicts)
		if p.unreadable != "" {
			unreadable++
		}
	}
	r.mu.Unlock()
	if !leads {
		return
	}
	originals, waiting, companions := c.k.view.sizes()
	for desc, n := range map[*prometheus.Desc]int{
		originalsDesc: originals, overLimitDesc: waiting, companionsDesc: companions, conflictsDesc: conflicts, unreadableDesc: unreadable,
		unwatchedDesc: c.k.unwatched(), leftDesc: left, unlistedDesc: int(c.k.index.leftOut.Load()),
	} {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n))
	}
}
