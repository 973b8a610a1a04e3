package readiness

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	images, blocked, timestamp *prometheus.GaugeVec
	lookups                    *prometheus.CounterVec
}

func newMetrics(registerer prometheus.Registerer) metrics {
	of := []string{"endpoint", "instance"}
	m := metrics{
		images: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_readiness_images",
			Help: "Images that the cluster's workloads name of the endpoint, by what is found of them on the instance; absent on a replica that doesn't lead.",
		}, append(of, "finding")),
		blocked: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_readiness_pods_blocked",
			Help: "Pods that run now and could not be started anew from the instance: an image is missing, or no credential of theirs does; absent on a replica that doesn't lead.",
		}, of),
		timestamp: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_readiness_timestamp_seconds",
			Help: "When all instances answered, and all of the endpoint's images were known on each; absent until they are, and on a replica that doesn't lead.",
		}, []string{"endpoint"}),
		lookups: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_readiness_lookups_total",
			Help: "Look-ups of an image on the instance, by whether it answered.",
		}, append(of, "outcome")),
	}
	registerer.MustRegister(m.images, m.blocked, m.timestamp, m.lookups)
	return m
}

// clear lets a replica that leads no longer tell nothing.
func (m metrics) clear() {
	m.images.Reset()
	m.blocked.Reset()
	m.timestamp.Reset()
}

func (m metrics) asked(endpoint, instance string, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "error"
	}
	m.lookups.WithLabelValues(endpoint, instance, outcome).Inc()
}

func (m metrics) show(endpoint string, s Status) {
	for _, i := range s.Instances {
		for finding, n := range map[Finding]int{Present: i.Present, Stale: i.Stale, Missing: i.Missing, Unreadable: i.Unreadable, Unknown: i.Unknown} {
			m.images.WithLabelValues(endpoint, i.Instance, string(finding)).Set(float64(n))
		}
		m.blocked.WithLabelValues(endpoint, i.Instance).Set(float64(i.PodsBlocked))
	}
	if s.Complete && s.known() {
		m.timestamp.WithLabelValues(endpoint).Set(float64(s.At.UnixNano()) / float64(time.Second))
	}
}
