package automatic

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/failover"
)

type metrics struct {
	holds             *prometheus.GaugeVec
	moves, extensions *prometheus.CounterVec
}

func newMetrics(registerer prometheus.Registerer) metrics {
	m := metrics{
		holds: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_automatic_hold",
			Help: "1 for the reason why automatic mode holds still, or why the time of a switch was extended; absent when it does neither, and on a replica that doesn't lead.",
		}, []string{"endpoint", "hold"}),
		moves: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_automatic_moves_total",
			Help: "How often automatic mode has thrown the switch, by where to.",
		}, []string{"endpoint", "target"}),
		extensions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_automatic_extensions_total",
			Help: "How often the time of a switch was over and was extended, because nobody would serve where it returns to.",
		}, []string{"endpoint"}),
	}
	registerer.MustRegister(m.holds, m.moves, m.extensions)
	return m
}

// hold shows the one reason of an endpoint.
func (m metrics) hold(endpoint string, h failover.Hold) {
	for _, other := range failover.Holds {
		if other != h {
			m.holds.DeleteLabelValues(endpoint, string(other))
		}
	}
	if h != "" {
		m.holds.WithLabelValues(endpoint, string(h)).Set(1)
	}
}

// forget is for an endpoint that isn't configured any more.
func (m metrics) forget(endpoint string) {
	m.holds.DeletePartialMatch(prometheus.Labels{"endpoint": endpoint})
}

// clear lets a replica that leads no longer tell nothing of now.
func (m metrics) clear() { m.holds.Reset() }
