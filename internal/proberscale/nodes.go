package proberscale

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Most is how many probers there are at most: enough for a majority that survives
// the loss of a zone, and few enough for an instance that answers all of them.
const Most = 15

// suits says whether a prober can run on a node, as the Deployment's affinity and
// what it tolerates have it.
func suits(n *corev1.Node) bool {
	if n.Spec.Unschedulable || n.Labels[corev1.LabelOSStable] != "linux" || n.Labels["type"] == "virtual-kubelet" {
		return false
	}
	if slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule }) {
		return false
	}
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}
