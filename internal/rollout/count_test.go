package rollout_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// TestCountAgreesWithJudge: the metric and the plugin tell the same of the same cluster,
// and the count needs no more of it than it says.
func TestCountAgreesWithJudge(t *testing.T) {
	failing := report("hangzhou", "hangzhou/public")
	failing.Hosts = "can't be written: read-only file system"
	second := endpoint
	second.Name = "second.registry.io"
	in := rollout.Input{
		Endpoints: []zone.Endpoint{endpoint, second},
		Nodes: []corev1.Node{
			node("applied", map[string]string{corev1.LabelOSStable: "linux"}, corev1.ConditionTrue),
			node("away", nil, corev1.ConditionFalse),
			node("older", nil, corev1.ConditionTrue),
			node("read-only", nil, corev1.ConditionTrue),
			node("silent", nil, corev1.ConditionTrue),
			node("unreadable", nil, corev1.ConditionTrue),
			node("virtual", map[string]string{"type": "virtual-kubelet"}, corev1.ConditionTrue),
			node("windows", map[string]string{corev1.LabelOSStable: "windows"}, corev1.ConditionTrue),
		},
		Leases: []coordinationv1.Lease{
			lease("applied", time.Minute, report("hangzhou", "hangzhou/public")),
			lease("away", time.Hour, report("hangzhou", "hangzhou/public")),
			lease("older", time.Minute, report("zhangjiakou", "zhangjiakou/public")),
			lease("read-only", time.Minute, failing),
			{ObjectMeta: node("unreadable", nil, "").ObjectMeta},
			lease("virtual", time.Minute, report("zhangjiakou", "zhangjiakou/public")),
			lease("of no node", time.Minute, report("zhangjiakou", "zhangjiakou/public")),
		},
		Now: now,
	}
	for value, want := range map[string]map[string]rollout.Counted{
		"hangzhou":      {name: {Applied: 2, Waiting: 4}},
		" zhangjiakou ": {name: {Applied: 1, Waiting: 5}},
		"to: hangzhou\nfrom: privatezone\nshare: 10": {name: {Waiting: 6}},
		"nonsense": {},
	} {
		t.Run(value, func(t *testing.T) {
			in.Switch = map[string]string{name: value}
			got := rollout.Count(in.Endpoints, in.Switch, slices.Values(reporters(in)))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			for _, e := range rollout.Judge(in).Endpoints {
				if c, known := got[e.Name]; known && (e.Switched != c.Applied || e.Nodes != c.Applied+c.Waiting) {
					t.Errorf("Judge finds %d of %d, and Count %+v", e.Switched, e.Nodes, c)
				}
			}
		})
	}
}

// reporters has no more than what is said to be read.
func reporters(in rollout.Input) []rollout.Reporter {
	only := func(all map[string]string, keys []string) map[string]string {
		kept := maps.Clone(all)
		maps.DeleteFunc(kept, func(key, _ string) bool { return !slices.Contains(keys, key) })
		return kept
	}
	var all []rollout.Reporter
	for _, n := range in.Nodes {
		r := rollout.Reporter{Node: n.Name, Labels: only(n.Labels, rollout.Labels())}
		for _, l := range in.Leases {
			if l.Name == n.Name {
				r.Annotations = only(l.Annotations, rollout.Annotations())
				if r.Annotations == nil {
					r.Annotations = map[string]string{}
				}
			}
		}
		all = append(all, r)
	}
	return all
}

// BenchmarkCount counts 2,000 nodes.
func BenchmarkCount(b *testing.B) {
	annotations := report("hangzhou", "hangzhou/public").Annotations()
	var all []rollout.Reporter
	for range 2000 {
		all = append(all, rollout.Reporter{Node: "node", Annotations: map[string]string{
			nodereport.AnswersAnnotation: annotations[nodereport.AnswersAnnotation], nodereport.HostsAnnotation: annotations[nodereport.HostsAnnotation],
		}})
	}
	b.ReportAllocs()
	for b.Loop() {
		if c := rollout.Count([]zone.Endpoint{endpoint}, map[string]string{name: "hangzhou"}, slices.Values(all))[name]; c.Applied != 2000 {
			b.Fatal(c)
		}
	}
}
