package prober

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/healthreport"
)

type metrics struct {
	probes  *prometheus.CounterVec
	latency *prometheus.GaugeVec
	levels  *prometheus.GaugeVec
	expiry  *prometheus.GaugeVec
}

func newMetrics(registerer prometheus.Registerer) metrics {
	of := []string{"endpoint", "instance", "network"}
	m := metrics{
		probes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_probes_total",
			Help: "Probes of an instance over one network, by what each one means by itself.",
		}, append(of, "level")),
		latency: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_probe_latency_seconds",
			Help: "How long the last probe of the instance took that got an answer: lookup, connection, TLS and GET /v2/; absent once a level is reported that none got.",
		}, of),
		levels: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_probe_level",
			Help: "1 for the level that this prober reports of the instance, 0 for the others.",
		}, append(of, "level")),
		expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_probe_certificate_expiry_timestamp_seconds",
			Help: "When the certificate that the instance has last shown for the shared endpoint can't be used any more, or one above it.",
		}, of),
	}
	registerer.MustRegister(m.probes, m.latency, m.levels, m.expiry)
	return m
}

// clear lets nothing be told of an instance that has left the configuration.
func (m metrics) clear() {
	m.probes.Reset()
	m.latency.Reset()
	m.levels.Reset()
	m.expiry.Reset()
}

func (m metrics) probed(k healthreport.Key, c *health.Certificate, o Observation) {
	if c != nil {
		m.expiry.WithLabelValues(k.Endpoint, k.Instance, string(k.Network)).Set(float64(c.Expires.Unix()))
	}
	m.probes.WithLabelValues(k.Endpoint, k.Instance, string(k.Network), string(o.Level)).Inc()
	if o.Latency > 0 {
		m.latency.WithLabelValues(k.Endpoint, k.Instance, string(k.Network)).Set(o.Latency.Seconds())
	}
}

// level shows what is reported.
func (m metrics) level(k healthreport.Key, now Record) {
	if now.Latency == 0 {
		m.latency.DeleteLabelValues(k.Endpoint, k.Instance, string(k.Network))
	}
	for _, l := range healthreport.Levels() {
		value := 0.0
		if l == now.Level {
			value = 1
		}
		m.levels.WithLabelValues(k.Endpoint, k.Instance, string(k.Network), string(l)).Set(value)
	}
}
