package resolver

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics show for each configured endpoint what is in force and what is not.
type metrics struct {
	switchValid, stateValid, current, target, lookedUp, lookups *prometheus.GaugeVec
	switchReadable                                              prometheus.Gauge
	shown                                                       map[string]prometheus.Labels // by endpoint, those of target
	failing                                                     map[string]bool              // by name, whether its last lookup failed
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	vec := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		registerer.MustRegister(g)
		return g
	}
	m := &metrics{
		switchValid: vec("registry_failover_switch_valid", "1 when the switch of the endpoint is valid and in force, 0 when an earlier value is.", "endpoint"),
		stateValid:  vec("registry_failover_state_valid", "0 when the published state of the endpoint can't be read and an earlier one is in force, else 1.", "endpoint"),
		current:     vec("registry_failover_answer_current", "1 when the answer leads where the switch says, 0 when the last good answer is kept.", "endpoint"),
		target:      vec("registry_failover_answer_target", "1 for the target that the endpoint's answer leads to, and where its records are from.", "endpoint", "target", "from"),
		lookedUp:    vec("registry_failover_answer_looked_up_timestamp_seconds", "When DNS last gave the records of the endpoint's answer; missing where they are from elsewhere.", "endpoint"),
		lookups:     vec("registry_failover_lookup_success", "1 when the last lookup of the name gave a complete answer, else 0.", "name"),
		switchReadable: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registry_failover_switch_readable",
			Help: "1 when the switch could be read when that was tried last, 0 while the last good values stay in force.",
		}),
		shown:   map[string]prometheus.Labels{},
		failing: map[string]bool{},
	}
	registerer.MustRegister(m.switchReadable)
	return m
}

// show sets what is true now, and then takes away what belongs to endpoints,
// targets and names that are gone: no scrape finds a series missing in between.
func (m *metrics) show(c *Core, served []Served) {
	m.switchReadable.Set(truth(c.read.Switch.Known && c.read.Switch.Problem == ""))
	now := map[string]prometheus.Labels{}
	for _, e := range c.endpoints {
		m.switchValid.WithLabelValues(e.Name).Set(truth(e.switchProblem == nil && e.origin == bySwitch))
		m.stateValid.WithLabelValues(e.Name).Set(truth(e.stateProblem == nil))
		m.current.WithLabelValues(e.Name).Set(truth(e.current()))
	}
	for _, s := range served {
		now[s.Endpoint] = prometheus.Labels{"endpoint": s.Endpoint, "target": s.Target, "from": s.From}
		if s.Target != "" {
			m.target.With(now[s.Endpoint]).Set(1)
		}
		if s.LookedUp != nil {
			m.lookedUp.WithLabelValues(s.Endpoint).Set(float64(s.LookedUp.UnixMilli()) / 1000)
		} else {
			m.lookedUp.DeleteLabelValues(s.Endpoint)
		}
	}
	for endpoint, labels := range m.shown {
		if !maps.Equal(now[endpoint], labels) {
			m.target.Delete(labels)
		}
		if _, stays := now[endpoint]; !stays {
			for _, g := range []*prometheus.GaugeVec{m.switchValid, m.stateValid, m.current, m.lookedUp} {
				g.DeleteLabelValues(endpoint)
			}
		}
	}
	m.shown = now
}

// looked takes whether a lookup failed, and returns whether that is news.
func (m *metrics) looked(name string, failed bool) (news bool) {
	m.lookups.WithLabelValues(name).Set(truth(!failed))
	before, known := m.failing[name]
	m.failing[name] = failed
	return failed != before && (known || failed)
}

// forget drops the names that nobody looks up any more.
func (m *metrics) forget(names []string) {
	for name := range m.failing {
		if !slices.Contains(names, name) {
			delete(m.failing, name)
			m.lookups.DeleteLabelValues(name)
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
