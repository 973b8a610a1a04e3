package resolver

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics show for each configured endpoint what is in force and what is not.
type metrics struct {
	switchValid, stateValid, current, target *prometheus.GaugeVec
	lookups                                  *prometheus.GaugeVec
	switchReadable                           prometheus.Gauge
	hostsSynced, cacheWritten                prometheus.Gauge
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	vec := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		registerer.MustRegister(g)
		return g
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		registerer.MustRegister(g)
		return g
	}
	return &metrics{
		switchValid:    vec("registry_failover_switch_valid", "1 when the switch of the endpoint is valid and in force, 0 when an earlier value is.", "endpoint"),
		stateValid:     vec("registry_failover_state_valid", "0 when the published state of the endpoint can't be read and an earlier one is in force, else 1.", "endpoint"),
		current:        vec("registry_failover_answer_current", "1 when the answer leads where the switch says, 0 when the last good answer is kept because no address is known.", "endpoint"),
		target:         vec("registry_failover_answer_target", "1 for the target that the endpoint's answer leads to.", "endpoint", "target"),
		lookups:        vec("registry_failover_lookup_success", "1 when the last lookup of the name gave a complete answer, else 0.", "name"),
		switchReadable: gauge("registry_failover_switch_readable", "1 when the switch could be read when that was tried last, 0 while the last good values stay in force."),
		hostsSynced:    gauge("registry_failover_hosts_synced", "1 when the hosts file holds what it should, else 0."),
		cacheWritten:   gauge("registry_failover_cache_written", "1 when what a restart needs could be written, else 0."),
	}
}

func (m *metrics) show(c *Core) {
	for _, g := range []*prometheus.GaugeVec{m.switchValid, m.stateValid, m.current, m.target} {
		g.Reset() // an endpoint may have left the configuration
	}
	m.switchReadable.Set(truth(c.read.Switch.Known && c.read.Switch.Problem == ""))
	for _, e := range c.endpoints {
		m.switchValid.WithLabelValues(e.Name).Set(truth(e.switchProblem == nil && e.origin == bySwitch))
		m.stateValid.WithLabelValues(e.Name).Set(truth(e.stateProblem == nil))
		m.current.WithLabelValues(e.Name).Set(truth(e.answer != nil && e.kept == nil))
		if e.answer != nil {
			m.target.WithLabelValues(e.Name, e.answer.Target.String()).Set(1)
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
