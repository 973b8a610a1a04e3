package resolver

import (
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/detours"
)

// lookout reports what on the node leads pulls past the hosts file.
type lookout struct {
	find  func(endpoints []string) ([]detours.Detour, error)
	alarm alarm
	found *prometheus.GaugeVec
}

func newLookout(find func(endpoints []string) ([]detours.Detour, error), registerer prometheus.Registerer, log *slog.Logger) *lookout {
	l := &lookout{find: find, alarm: alarm{log: log}}
	l.found = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "registry_failover_node_detours",
		Help: "How many settings in the node's /etc lead pulls of a shared endpoint past the hosts file, by kind.",
	}, []string{"kind"})
	registerer.MustRegister(l.found)
	return l
}

// look returns a sentence for each detour of the endpoints.
func (l *lookout) look(endpoints []string) []string {
	all, err := l.find(endpoints)
	counts := map[detours.Kind]int{}
	var sentences []string
	for _, d := range all {
		counts[d.Kind]++
		sentences = append(sentences, d.Text)
		err = errors.Join(err, errors.New(d.Text))
	}
	for _, kind := range detours.Kinds {
		l.found.WithLabelValues(string(kind)).Set(float64(counts[kind]))
	}
	l.alarm.set("leading pulls by the hosts file", err)
	return sentences
}
