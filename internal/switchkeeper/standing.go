package switchkeeper

import (
	"maps"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// standing are the metrics of what is in force. A replica that doesn't lead has none.
type standing struct {
	target, since, followed *prometheus.GaugeVec
	changes                 *prometheus.CounterVec
	shown                   map[string]bool // the endpoints that have a counter
}

func newStanding(metrics prometheus.Registerer) *standing {
	s := &standing{
		target: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_switch_target",
			Help: "1 for where the switch in force leads, as a word with its network; with a share or names of nodes, for where it leads those.",
		}, []string{"endpoint", "target"}),
		since: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_switch_since_timestamp_seconds",
			Help: "When the switch came to lead where it leads now; absent where that isn't known.",
		}, []string{"endpoint"}),
		followed: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_switch_followed_zone",
			Help: "1 while the switch in force says privatezone, for all nodes.",
		}, []string{"endpoint"}),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_switch_changes_total",
			Help: "How many changes of the value in force this replica has recorded.",
		}, []string{"endpoint"}),
		shown: map[string]bool{},
	}
	metrics.MustRegister(s.target, s.since, s.followed, s.changes)
	return s
}

// show shows what is in force of each endpoint.
func (s *standing) show(endpoints []zone.Endpoint, inForce map[string]Force) {
	s.target.Reset() // an endpoint may have left the configuration
	s.since.Reset()
	s.followed.Reset()
	gone := maps.Clone(s.shown)
	for _, e := range endpoints {
		delete(gone, e.Name)
		s.shown[e.Name] = true
		s.changes.WithLabelValues(e.Name)
		f, known := inForce[e.Name]
		if !known {
			continue
		}
		s.target.WithLabelValues(e.Name, f.Switch.To.String()).Set(1)
		s.followed.WithLabelValues(e.Name).Set(bit(f.Switch.To.FollowsPrivateZone() && f.Switch.From.FollowsPrivateZone()))
		if !f.Since.IsZero() {
			s.since.WithLabelValues(e.Name).Set(float64(f.Since.Unix()))
		}
	}
	for name := range gone {
		delete(s.shown, name)
		s.changes.DeleteLabelValues(name)
	}
}
