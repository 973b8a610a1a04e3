package alibaba

import (
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	calls  *prometheus.CounterVec
	waited prometheus.Counter
}

// outcomeOK is the outcome of a call that didn't fail; the others are Kinds.
const outcomeOK = "ok"

func newMetrics(registerer prometheus.Registerer) metrics {
	m := metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_cloud_calls_total",
			Help: "Calls of cloud APIs, by what became of them; repeated ones count each time.",
		}, []string{"service", "action", "outcome"}),
		waited: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "registry_failover_cloud_budget_wait_seconds_total",
			Help: "How long calls have waited for the budget of calls per minute or after being throttled.",
		}),
	}
	registerer.MustRegister(m.calls, m.waited)
	return m
}
