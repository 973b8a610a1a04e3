package main

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/automatic"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// parts notes what is added to a manager.
type parts struct {
	manager.Manager
	added []manager.Runnable
}

func (p *parts) Add(r manager.Runnable) error {
	p.added = append(p.added, r)
	return nil
}

// TestOnlyTheLeaderUsesTheCloud: two replicas would call twice as often, and write
// beside the same mark.
func TestOnlyTheLeaderUsesTheCloud(t *testing.T) {
	for sentence, test := range map[string]struct {
		zones config.PrivateZone
		want  int
	}{
		"reading":             {config.PrivateZone{Source: config.API}, 1},
		"writing":             {config.PrivateZone{Source: config.VPCDNS, WriteBack: true}, 1},
		"reading and writing": {config.PrivateZone{Source: config.API, WriteBack: true}, 2},
	} {
		t.Run(sentence, func(t *testing.T) {
			var mgr parts
			_, err := addCloud(&mgr, &config.Config{PrivateZone: test.zones}, alibaba.Unusable(errors.New("not used")), cloudParts{
				core: fake.NewClientset().CoreV1(), namespace: "ns", zones: new(automatic.PrivateZone), metrics: prometheus.NewRegistry(), log: slog.New(slog.DiscardHandler),
			})
			if err != nil || len(mgr.added) != test.want {
				t.Fatalf("%d parts were added, want %d: %v", len(mgr.added), test.want, err)
			}
			for _, part := range mgr.added {
				if elected, tells := part.(manager.LeaderElectionRunnable); tells && !elected.NeedLeaderElection() {
					t.Errorf("%T runs on each replica", part)
				}
			}
		})
	}
}
