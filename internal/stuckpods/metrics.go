package stuckpods

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	pods, nodes *prometheus.GaugeVec
	recreated   *prometheus.CounterVec
}

func newMetrics(registerer prometheus.Registerer) metrics {
	of := []string{"endpoint"}
	m := metrics{
		pods: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_stuck_pods",
			Help: "Pods that kubelet's back-off keeps waiting for an image of the shared endpoint; absent on a replica that doesn't lead.",
		}, of),
		nodes: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_stuck_nodes",
			Help: "Nodes on which a pull of the shared endpoint hangs since before the switch, or waits behind one that does; absent on a replica that doesn't lead.",
		}, of),
		recreated: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_stuck_pods_recreated_total",
			Help: "Pods that were deleted after a switch so that their controllers make new ones.",
		}, of),
	}
	registerer.MustRegister(m.pods, m.nodes, m.recreated)
	return m
}

// clear lets a replica that leads no longer tell nothing of now.
func (m metrics) clear() {
	m.pods.Reset()
	m.nodes.Reset()
}

func (m metrics) show(endpoint string, s Status) {
	m.pods.WithLabelValues(endpoint).Set(float64(s.Pods))
	m.nodes.WithLabelValues(endpoint).Set(float64(s.NodeCount))
	m.recreated.WithLabelValues(endpoint).Add(0)
}
