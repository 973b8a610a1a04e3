package writeback

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	stands, failing *prometheus.GaugeVec
	calls           *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		stands: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_writeback_stands", Help: "1 while the record in PrivateZone carries this cluster's mark.",
		}, []string{"endpoint"}),
		failing: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_writeback_failing", Help: "1 while the record in PrivateZone can't be made what the switch says.",
		}, []string{"endpoint"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_writeback_calls_total", Help: "Calls that change a record, by step and outcome.",
		}, []string{"step", "outcome"}),
	}
	r.MustRegister(m.stands, m.failing, m.calls)
	return m
}

func (m metrics) show(endpoint string, stands, failing bool) {
	m.stands.WithLabelValues(endpoint).Set(number(stands))
	m.failing.WithLabelValues(endpoint).Set(number(failing))
}

func (m metrics) count(step Step, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "error"
	}
	m.calls.WithLabelValues(string(step), outcome).Inc()
}

// forget is for an endpoint that isn't configured any more.
func (m metrics) forget(endpoint string) {
	m.stands.DeleteLabelValues(endpoint)
	m.failing.DeleteLabelValues(endpoint)
}

// clear is for a replica that no longer leads.
func (m metrics) clear() {
	m.stands.Reset()
	m.failing.Reset()
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
