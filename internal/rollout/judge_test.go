package rollout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const name = "cross-region.registry.io"

var (
	now      = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	endpoint = zone.Endpoint{Name: name, Instances: []zone.Instance{
		{Name: "hangzhou", Network: zone.Public, PublicEndpoint: "a.example.com"},
		{Name: "zhangjiakou", Network: zone.Public, PublicEndpoint: "b.example.com"},
	}}
)

func node(name string, labels map[string]string, ready corev1.ConditionStatus) corev1.Node {
	return corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}},
	}
}

func lease(node string, age time.Duration, r nodereport.Report) coordinationv1.Lease {
	renewed := metav1.NewMicroTime(now.Add(-age))
	return coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: node, Annotations: r.Annotations()},
		Spec:       coordinationv1.LeaseSpec{RenewTime: &renewed},
	}
}

// report is of a node that has applied the switch.
func report(sw, target string) nodereport.Report {
	return nodereport.Report{
		Answers: map[string]nodereport.Answer{name: {Switch: nodereport.Hash(sw), Target: target}},
		Hosts:   nodereport.Applied, Version: "v0.1.0",
	}
}

func TestWhyANodeWaits(t *testing.T) {
	good := report("hangzhou", "hangzhou/public")
	with := func(edit func(r *nodereport.Report)) nodereport.Report {
		r := report("hangzhou", "hangzhou/public")
		edit(&r)
		return r
	}
	const minute = time.Minute
	for sentence, test := range map[string]struct {
		leases   []coordinationv1.Lease
		notReady bool
		want     string // empty: it has applied the switch
	}{
		"it has applied the switch":         {leases: []coordinationv1.Lease{lease("node-a", minute, good)}},
		"no block is as the answers demand": {leases: []coordinationv1.Lease{lease("node-a", minute, with(func(r *nodereport.Report) { r.Hosts = "none" }))}},
		"a block stays when its resolver is away": {
			leases: []coordinationv1.Lease{lease("node-a", time.Hour, good)},
		},
		"no Lease":       {want: "no resolver has reported from there yet"},
		"no report":      {leases: []coordinationv1.Lease{{ObjectMeta: metav1.ObjectMeta{Name: "node-a"}}}, want: "are not both there"},
		"another's only": {leases: []coordinationv1.Lease{lease("node-b", minute, good)}, want: "no resolver has reported from there yet"},
		"an older value": {
			leases: []coordinationv1.Lease{lease("node-a", minute, report("zhangjiakou", "zhangjiakou/public"))},
			want:   "it reported at 2026-11-23T01:59:00Z, of another value of the switch",
		},
		"an older value, and its resolver is away": {
			leases: []coordinationv1.Lease{lease("node-a", time.Hour, report("zhangjiakou", "zhangjiakou/public"))},
			want:   "its resolver doesn't run, or doesn't reach the API server: it reported at 2026-11-23T01:00:00Z, of another value",
		},
		"the node is away": {notReady: true, want: "the node is not ready: no resolver has reported from there yet"},
		"an endpoint that it doesn't know": {
			leases: []coordinationv1.Lease{lease("node-a", minute, with(func(r *nodereport.Report) { r.Answers = nil }))},
			want:   "it has an older configuration",
		},
		"an answer that is kept": {
			leases: []coordinationv1.Lease{lease("node-a", minute, report("hangzhou", "privatezone"))},
			want:   "no address is known there for hangzhou/public: it still leads to privatezone",
		},
		"no answer at all": {
			leases: []coordinationv1.Lease{lease("node-a", minute, report("hangzhou", ""))},
			want:   "it has no answer: no address is known there for hangzhou/public",
		},
		"a hosts file that can't be written": {
			leases: []coordinationv1.Lease{lease("node-a", minute, with(func(r *nodereport.Report) { r.Hosts = "read-only file system" }))},
			want:   "read-only file system",
		},
		"a block that was removed": {
			leases: []coordinationv1.Lease{lease("node-a", minute, with(func(r *nodereport.Report) { r.Hosts = nodereport.Removed }))},
			want:   "the product is being uninstalled",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			ready := corev1.ConditionTrue
			if test.notReady {
				ready = corev1.ConditionUnknown
			}
			s := rollout.Judge(rollout.Input{
				Endpoints: []zone.Endpoint{endpoint}, Switch: map[string]string{name: "hangzhou\n"},
				Nodes: []corev1.Node{node("node-a", nil, ready)}, Leases: test.leases, Now: now,
			})
			e := s.Endpoints[0]
			if s.Switched() != (test.want == "") || e.Nodes != 1 || e.Switched+len(e.Waiting) != 1 {
				t.Fatalf("it is %+v", e)
			}
			if test.want != "" && !strings.Contains(e.Waiting[0].Text, test.want) {
				t.Errorf("it waits because %q, want %q", e.Waiting[0].Text, test.want)
			}
		})
	}
}

func TestEachNodeIsMeasuredByItsOwnTarget(t *testing.T) {
	const drill = "to: hangzhou\nfrom: privatezone\nnodes: node-a"
	s := rollout.Judge(rollout.Input{
		Endpoints: []zone.Endpoint{endpoint}, Switch: map[string]string{name: drill}, Now: now,
		Nodes: []corev1.Node{
			node("node-c", nil, corev1.ConditionTrue), node("node-b", nil, corev1.ConditionTrue), node("node-a", nil, corev1.ConditionTrue),
			node("virtual", map[string]string{"type": "virtual-kubelet"}, corev1.ConditionTrue),
			node("windows", map[string]string{"kubernetes.io/os": "windows"}, corev1.ConditionTrue),
		},
		Leases: []coordinationv1.Lease{
			lease("node-a", time.Minute, report(drill, "hangzhou/public")),
			lease("node-b", time.Hour, report(drill, "privatezone")),
			lease("node-c", time.Minute, report(drill, "hangzhou/public")),
			lease("gone", time.Minute, report(drill, "privatezone")),
		},
	})
	hourAgo := now.Add(-time.Hour)
	want := rollout.Status{
		Endpoints: []rollout.Endpoint{{
			Name: name, Switch: drill, Target: "hangzhou/public", Elsewhere: "privatezone", Nodes: 3, Switched: 2, Oldest: &hourAgo,
			Targets: map[string]int{"hangzhou/public": 2, "privatezone": 1},
			Waiting: []rollout.Node{{Node: "node-c", Text: "no address is known there for privatezone: it still leads to hangzhou/public"}},
		}},
		Excluded: 2,
		Findings: []rollout.Node{{Node: "node-b", Text: "its last report is of 2026-11-23T01:00:00Z: its resolver doesn't run, or doesn't reach the API server"}},
		Pods:     []rollout.Owner{},
	}
	if diff := cmp.Diff(want, s, cmpopts.IgnoreUnexported(rollout.Endpoint{})); diff != "" {
		t.Error(diff)
	}
}

func TestASwitchThatIsNotInForce(t *testing.T) {
	for sentence, test := range map[string]struct {
		sw   map[string]string
		want string
	}{
		"no value":         {nil, `endpoint "cross-region.registry.io": the switch has no value: the controller writes it anew`},
		"an unknown value": {map[string]string{name: "hangzou"}, `endpoint "cross-region.registry.io": unknown target "hangzou": one of `},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := rollout.Judge(rollout.Input{
				Endpoints: []zone.Endpoint{endpoint}, Switch: test.sw, Now: now,
				Nodes:  []corev1.Node{node("node-a", nil, corev1.ConditionTrue)},
				Leases: []coordinationv1.Lease{lease("node-a", time.Minute, report("hangzhou", "hangzhou/public"))},
			})
			e := s.Endpoints[0]
			if s.Switched() || !strings.HasPrefix(e.Problem, test.want) || e.Switched != 0 || len(e.Waiting) != 0 {
				t.Errorf("it is %+v", e)
			}
			if diff := cmp.Diff(map[string]int{"hangzhou/public": 1}, e.Targets); diff != "" {
				t.Error(diff)
			}
		})
	}
}
