package healthreport

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestWhoServesEachNode(t *testing.T) {
	const shared = "cross-region.registry.io"
	now := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	lease := func(node string, age time.Duration, instance string) coordinationv1.Lease {
		renewed := metav1.NewMicroTime(now.Add(-age))
		r := Report{Serving: []Serving{{Endpoint: "other.registry.io", Instance: "other"}, {Endpoint: shared, Instance: instance, Since: now}}}
		return coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Annotations: r.Annotations()}, Spec: coordinationv1.LeaseSpec{HolderIdentity: &node, RenewTime: &renewed},
		}
	}
	silent, garbage, nobodys, never := lease("c", 0, "x"), lease("d", 0, "x"), lease("e", 0, "x"), lease("f", 0, "x")
	silent.Annotations = Report{}.Annotations() // of an older version
	garbage.Annotations = map[string]string{HealthAnnotation: "x"}
	nobodys.Spec.HolderIdentity, never.Spec.RenewTime = nil, nil
	all := []coordinationv1.Lease{
		lease("b", 0, ""), lease("a", time.Second, "hangzhou"), lease("a", time.Minute, "zhangjiakou"), silent, garbage, nobodys, never,
	}
	want := []NodeServing{
		{"a", Serving{Endpoint: shared, Instance: "hangzhou", Since: now}, now.Add(-time.Second)},
		{"b", Serving{Endpoint: shared, Since: now}, now},
	}
	for range 2 { // whichever of two comes first
		if diff := cmp.Diff(want, ServingNodes(all, shared)); diff != "" {
			t.Error(diff)
		}
		slices.Reverse(all)
	}
	if got := ServingNodes(all, "unknown.registry.io"); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

func TestThatAnotherServesIsNews(t *testing.T) {
	since := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	a := Report{Serving: []Serving{{Endpoint: "a", Instance: "hangzhou", Reason: "r", Since: since}}}
	for sentence, edit := range map[string]func(*Serving){
		"another instance": func(s *Serving) { s.Instance = "" }, "another reason": func(s *Serving) { s.Reason = "x" },
		"another time": func(s *Serving) { s.Since = since.Add(time.Second) }, "another endpoint": func(s *Serving) { s.Endpoint = "b" },
	} {
		b := Report{Serving: slices.Clone(a.Serving)}
		if a.Differs(b) {
			t.Fatal("the same is news")
		}
		edit(&b.Serving[0])
		if !a.Differs(b) || maps.Equal(a.Annotations(), b.Annotations()) {
			t.Errorf("%s is none", sentence)
		}
	}
}
