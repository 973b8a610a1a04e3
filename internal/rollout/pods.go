package rollout

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/stragglers"
)

// partOf is the label of pods of the product, which don't follow a hosts file.
const partOf = "registry-failover"

// pods are those that have another block than their node. kubelet copies the
// node's hosts file for a pod on the host network whenever it starts a
// container of it, and all its containers share the copy, so the last start
// counts. A start is told in whole seconds: one in the second of the change is
// taken for an earlier one.
func (in Input) pods(nodes []node) []Owner {
	since := map[string]time.Time{}
	for _, n := range nodes {
		if n.none == nil && !n.report.Since.IsZero() {
			since[n.name] = n.report.Since
		}
	}
	type key struct{ namespace, owner string }
	found := map[key]*Owner{}
	for i := range in.Pods {
		pod := &in.Pods[i]
		changed, known := since[pod.Spec.NodeName]
		started := lastStart(pod)
		if !known || !pod.Spec.HostNetwork || pod.Labels[nodereport.PartOf] == partOf || started.IsZero() || started.After(changed) {
			continue
		}
		at := key{pod.Namespace, stragglers.Owner(pod)}
		if found[at] == nil {
			found[at] = &Owner{Namespace: at.namespace, Owner: at.owner}
		}
		found[at].Pods = append(found[at].Pods, pod.Name)
	}
	owners := []Owner{}
	for _, o := range found {
		slices.Sort(o.Pods)
		owners = append(owners, *o)
	}
	slices.SortFunc(owners, func(a, b Owner) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Owner, b.Owner))
	})
	return owners
}

// lastStart is when a container of the pod was started last; zero when none runs.
func lastStart(pod *corev1.Pod) (last time.Time) {
	runs := false
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses) {
		started := time.Time{}
		switch {
		case c.State.Running != nil:
			started, runs = c.State.Running.StartedAt.Time, true
		case c.State.Terminated != nil:
			started = c.State.Terminated.StartedAt.Time
		}
		if started.After(last) {
			last = started
		}
	}
	if !runs {
		return time.Time{}
	}
	return last
}
