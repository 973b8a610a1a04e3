package rollout_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/rollout"
)

// changed is when the block of node-a became what it is.
var changed = now.Add(-time.Hour)

func running(after time.Duration) corev1.ContainerStatus {
	return corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(changed.Add(after))}}}
}

func ended(after time.Duration) corev1.ContainerStatus {
	return corev1.ContainerStatus{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: metav1.NewTime(changed.Add(after))}}}
}

func TestPodsThatKeepACopyOfAnEarlierFile(t *testing.T) {
	for sentence, test := range map[string]struct {
		edit func(p *corev1.Pod)
		want bool
	}{
		"started before":             {nil, true},
		"started in the same second": {func(p *corev1.Pod) { p.Status.ContainerStatuses[0] = running(0) }, true},
		"started afterwards":         {func(p *corev1.Pod) { p.Status.ContainerStatuses[0] = running(time.Second) }, false},
		"another container of it was started afterwards": {func(p *corev1.Pod) {
			p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, running(time.Minute))
		}, false},
		"one that has ended was started afterwards": {func(p *corev1.Pod) {
			p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{ended(time.Minute)}
		}, false},
		"nothing of it runs":          {func(p *corev1.Pod) { p.Status.ContainerStatuses[0] = ended(-time.Hour) }, false},
		"in a network of its own":     {func(p *corev1.Pod) { p.Spec.HostNetwork = false }, false},
		"on a node that tells less":   {func(p *corev1.Pod) { p.Spec.NodeName = "node-old" }, false},
		"on a node without a report":  {func(p *corev1.Pod) { p.Spec.NodeName = "node-b" }, false},
		"of the product":              {func(p *corev1.Pod) { p.Labels = map[string]string{nodereport.PartOf: "registry-failover"} }, false},
		"a restart that isn't done":   {func(p *corev1.Pod) { p.Status.ContainerStatuses[0] = corev1.ContainerStatus{} }, false},
		"an init container was first": {func(p *corev1.Pod) { p.Status.InitContainerStatuses = []corev1.ContainerStatus{ended(-2 * time.Hour)} }, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			pod := corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "proxy"},
				Spec:       corev1.PodSpec{HostNetwork: true, NodeName: "node-a"},
				Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{running(-time.Hour)}},
			}
			if test.edit != nil {
				test.edit(&pod)
			}
			since := report("hangzhou", "hangzhou/public")
			since.Since = changed
			s := rollout.Judge(rollout.Input{
				Nodes: []corev1.Node{
					node("node-a", nil, corev1.ConditionTrue), node("node-b", nil, corev1.ConditionTrue), node("node-old", nil, corev1.ConditionTrue),
				},
				Leases: []coordinationv1.Lease{lease("node-a", time.Minute, since), lease("node-old", time.Minute, report("hangzhou", "hangzhou/public"))},
				Pods:   []corev1.Pod{pod}, Now: now,
			})
			want := []rollout.Owner{}
			if test.want {
				want = append(want, rollout.Owner{Namespace: "kube-system", Owner: "Pod/proxy", Pods: []string{"proxy"}})
			}
			if diff := cmp.Diff(want, s.Pods); diff != "" {
				t.Error(diff)
			}
		})
	}
}
