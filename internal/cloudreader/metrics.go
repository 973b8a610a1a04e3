package cloudreader

import (
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	read     *prometheus.GaugeVec
	failing  *prometheus.GaugeVec
	findings *prometheus.GaugeVec
	target   *prometheus.GaugeVec
}

func newMetrics(registerer prometheus.Registerer) metrics {
	m := metrics{
		read: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_privatezone_read_timestamp_seconds",
			Help: "When the endpoint's zones were read completely, by an earlier leader where this one couldn't yet; absent before, and on a replica that doesn't lead.",
		}, []string{"endpoint"}),
		failing: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_privatezone_failing",
			Help: "1 while the endpoint's zones can't be read or published, for whatever reason; absent on a replica that doesn't lead.",
		}, []string{"endpoint"}),
		findings: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_privatezone_findings",
			Help: "What should be looked at in PrivateZone and ACR, by its code; the log has the sentences. Absent on a replica that doesn't lead.",
		}, []string{"endpoint", "code"}),
		target: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_privatezone_target",
			Help: "1 for the instance that the zone in the cluster's VPC leads to, 0 for the others; absent on a replica that doesn't lead.",
		}, []string{"endpoint", "instance"}),
	}
	registerer.MustRegister(m.read, m.failing, m.findings, m.target)
	return m
}

// clear lets a replica that leads no longer, or another configuration, tell nothing old.
func (m metrics) clear() {
	m.read.Reset()
	m.failing.Reset()
	m.findings.Reset()
	m.target.Reset()
}

// showReading tells when the zones were read, where that is known, and whether that
// fails now.
func (m metrics) showReading(endpoint string, s Status) {
	if !s.ReadAt.IsZero() {
		m.read.WithLabelValues(endpoint).Set(float64(s.ReadAt.Unix()))
	}
	failing := 0.0
	if s.Error != "" {
		failing = 1
	}
	m.failing.WithLabelValues(endpoint).Set(failing)
}

func (m metrics) show(in Input, r Result) {
	name := in.Endpoint.Name
	counts := map[Code]int{}
	for _, f := range r.Findings {
		counts[f.Code]++
	}
	for _, code := range Codes() {
		m.findings.WithLabelValues(name, string(code)).Set(float64(counts[code]))
	}
	for _, i := range in.Endpoint.Instances {
		value := 0.0
		if i.Name == r.Target.Instance {
			value = 1
		}
		m.target.WithLabelValues(name, i.Name).Set(value)
	}
}
