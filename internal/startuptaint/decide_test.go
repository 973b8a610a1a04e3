package startuptaint

import (
	"net/netip"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const endpoint = "cross-region.registry.io"

var created = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func endpoints() []zone.Endpoint {
	return []zone.Endpoint{{Name: endpoint, Instances: []zone.Instance{
		{Name: "hangzhou", Network: zone.Internal, InternalAddrs: []netip.Addr{netip.MustParseAddr("10.1.0.10")}},
		{Name: "zhangjiakou", Network: zone.Internal, InternalAddrs: []netip.Addr{netip.MustParseAddr("10.2.0.10")}},
	}}}
}

// newNode has joined with the taint.
func newNode() corev1.Node {
	return corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: "node-a", UID: "new", CreationTimestamp: metav1.NewTime(created),
			Labels: map[string]string{corev1.LabelOSStable: "linux"},
		},
		Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: Key, Effect: corev1.TaintEffectNoSchedule}}},
	}
}

// reportOf is the Lease that a resolver with this answer wrote so long after the node was created.
func reportOf(value, target, hosts string, after time.Duration) *coordinationv1.Lease {
	written, renewed := metav1.NewTime(created.Add(after)), metav1.NewMicroTime(created.Add(after))
	answer := nodereport.Answer{Target: target}
	if value != "" {
		answer.Switch = nodereport.Hash(value)
	}
	report := nodereport.Report{Hosts: hosts, Answers: map[string]nodereport.Answer{endpoint: answer}}
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name: "node-a", Namespace: "registry-failover", Labels: nodereport.Labels(), Annotations: report.Annotations(),
			ManagedFields: []metav1.ManagedFieldsEntry{{
				Manager: nodereport.FieldManager, Operation: metav1.ManagedFieldsOperationApply, Time: &written,
				APIVersion: "coordination.k8s.io/v1", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1("{}"),
			}},
		},
		Spec: coordinationv1.LeaseSpec{RenewTime: &renewed},
	}
}

func TestTheTaintGoesWhenTheNodeHasReported(t *testing.T) {
	const hangzhou = "hangzhou/internal"
	edit := func(l *coordinationv1.Lease, change func(*coordinationv1.Lease)) *coordinationv1.Lease {
		change(l)
		return l
	}
	labelled := func(key, value string) corev1.Node {
		n := newNode()
		n.Labels[key] = value
		return n
	}
	tests := map[string]struct {
		node   corev1.Node
		choice string
		lease  *coordinationv1.Lease
		want   bool
	}{
		"its block stands":                      {newNode(), "hangzhou", reportOf("hangzhou", hangzhou, "applied", time.Second), true},
		"it needs no block":                     {newNode(), "privatezone", reportOf("privatezone", "privatezone", "none", time.Second), true},
		"it has not reported":                   {newNode(), "hangzhou", nil, false},
		"it reports of the switch before":       {newNode(), "hangzhou", reportOf("privatezone", "privatezone", "none", time.Second), false},
		"it knows of no switch yet":             {newNode(), "privatezone", reportOf("", "privatezone", "none", time.Second), false},
		"it has no answer yet":                  {newNode(), "hangzhou", reportOf("hangzhou", "", "none", time.Second), false},
		"it leads elsewhere":                    {newNode(), "hangzhou", reportOf("hangzhou", "zhangjiakou/internal", "applied", time.Second), false},
		"its hosts file can't be written":       {newNode(), "hangzhou", reportOf("hangzhou", hangzhou, "the file is immutable: check with lsattr", time.Second), false},
		"the product is being uninstalled":      {newNode(), "hangzhou", reportOf("hangzhou", hangzhou, "removed", time.Second), true},
		"the report is of an earlier node":      {newNode(), "hangzhou", reportOf("hangzhou", hangzhou, "applied", -time.Hour), false},
		"the report is as old as the node":      {newNode(), "hangzhou", reportOf("hangzhou", hangzhou, "applied", 0), false},
		"the switch can't be read, it has one":  {newNode(), "hangzou", reportOf("hangzhou", hangzhou, "applied", time.Second), true},
		"the switch can't be read, it has none": {newNode(), "hangzou", reportOf("", hangzhou, "applied", time.Second), false},
		"somebody else has touched an earlier node's report": {
			newNode(), "hangzhou",
			edit(reportOf("hangzhou", hangzhou, "applied", -time.Hour), func(l *coordinationv1.Lease) {
				now := metav1.NewTime(created.Add(time.Minute))
				l.ManagedFields = append(l.ManagedFields, metav1.ManagedFieldsEntry{Manager: "kubectl-edit", Time: &now})
			}),
			false,
		},
		"its clock is an hour behind": {
			newNode(), "hangzhou",
			edit(reportOf("hangzhou", hangzhou, "applied", time.Second), func(l *coordinationv1.Lease) {
				behind := metav1.NewMicroTime(created.Add(-time.Hour))
				l.Spec.RenewTime = &behind
			}),
			true,
		},
		"its report can't be read": {
			newNode(), "hangzhou",
			edit(reportOf("hangzhou", hangzhou, "applied", time.Second), func(l *coordinationv1.Lease) { l.Annotations[nodereport.AnswersAnnotation] = "[]" }),
			false,
		},
		"it is of Windows, where no resolver runs": {labelled(corev1.LabelOSStable, "windows"), "hangzhou", nil, true},
		"it is virtual, where no resolver runs":    {labelled("type", "virtual-kubelet"), "hangzhou", nil, true},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			j := joiner{node: test.node, lease: test.lease, endpoints: endpoints(), choice: map[string]string{endpoint: test.choice}}
			if got := j.joined(created.Add(time.Minute)); got != test.want {
				t.Errorf("the taint goes: %t", got)
			}
		})
	}
	t.Run("there is no switch", func(t *testing.T) {
		for lease, want := range map[*coordinationv1.Lease]bool{
			reportOf("hangzhou", hangzhou, "applied", time.Second): true,
			reportOf("", "privatezone", "none", time.Second):       false,
		} {
			if got := (joiner{node: newNode(), lease: lease, endpoints: endpoints()}).joined(created.Add(time.Minute)); got != want {
				t.Errorf("the taint goes: %t", got)
			}
		}
	})
}
