package healthquorum

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

type metrics struct {
	healthy, latency, voices *prometheus.GaugeVec
	wanted, fresh            prometheus.Gauge
}

func newMetrics(registerer prometheus.Registerer) metrics {
	of := []string{"endpoint", "instance", "network"}
	m := metrics{
		healthy: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_instance_healthy",
			Help: "1 when more than half of the probers find the instance healthy, 0 when they find it bad; absent while they don't know or don't agree, and on a replica that doesn't lead.",
		}, of),
		latency: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_instance_latency_seconds",
			Help: "The median of the latencies in the probers' reports, each at most half a minute old; absent where nobody got an answer.",
		}, of),
		voices: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_instance_voices",
			Help: "How many probers with a fresh report say so of the instance; absent on a replica that doesn't lead.",
		}, append(of, "level")),
		wanted: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registry_failover_probers_wanted",
			Help: "How many probers there should be; 0 on a replica that doesn't lead.",
		}),
		fresh: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registry_failover_probers_fresh",
			Help: "How many probers have a fresh report; 0 on a replica that doesn't lead.",
		}),
	}
	registerer.MustRegister(m.healthy, m.latency, m.voices, m.wanted, m.fresh)
	return m
}

// begin forgets what was shown of instances.
func (m metrics) begin() {
	m.healthy.Reset()
	m.latency.Reset()
	m.voices.Reset()
}

// clear lets a replica that leads no longer tell nothing.
func (m metrics) clear() {
	m.begin()
	m.probers(0, 0)
}

func (m metrics) probers(wanted, fresh int) {
	m.wanted.Set(float64(wanted))
	m.fresh.Set(float64(fresh))
}

func (m metrics) show(key healthreport.Key, f Finding, fresh []healthreport.Report) {
	labels := []string{key.Endpoint, key.Instance, string(key.Network)}
	switch {
	case f.Level == healthreport.Healthy:
		m.healthy.WithLabelValues(labels...).Set(1)
	case f.Level.Bad():
		m.healthy.WithLabelValues(labels...).Set(0)
	default:
		m.healthy.DeleteLabelValues(labels...)
	}
	if f.LatencyMillis > 0 {
		m.latency.WithLabelValues(labels...).Set(float64(f.LatencyMillis) / 1000)
	} else {
		m.latency.DeleteLabelValues(labels...)
	}
	voices := map[healthreport.Level]int{}
	for _, r := range fresh {
		voices[find(r, key).Level]++
	}
	for _, level := range healthreport.Levels() {
		m.voices.WithLabelValues(append(labels, string(level))...).Set(float64(voices[level]))
	}
}
