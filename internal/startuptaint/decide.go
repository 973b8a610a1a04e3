package startuptaint

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Key is the taint's, with any value and any effect. By its prefix
// cluster-autoscaler, from 1.29 on, knows that new nodes of a pool lose the taint
// by themselves.
const Key = "startup-taint.cluster-autoscaler.kubernetes.io/registry-failover"

// A joiner is a node that has the taint, and what is known of it.
type joiner struct {
	node corev1.Node
	// lease is the report under the node's name; nil where there is none.
	lease     *coordinationv1.Lease
	endpoints []zone.Endpoint
	// choice is the data of the switch.
	choice map[string]string
}

// joined says that the taint can go: the node's hosts file is as the switch says,
// or nobody will ever write there.
func (j joiner) joined(now time.Time) bool {
	in := rollout.Input{Endpoints: j.endpoints, Switch: j.choice, Nodes: []corev1.Node{j.node}, Now: now}
	if j.reported() {
		in.Leases = []coordinationv1.Lease{*j.lease}
	}
	status := rollout.Judge(in)
	if status.Excluded > 0 {
		return true // no resolver runs on such nodes
	}
	if in.Leases == nil {
		return false
	}
	report, err := nodereport.Parse(j.lease.Annotations)
	if err != nil {
		return false
	}
	switch report.Hosts {
	case nodereport.Removed:
		return true // the product goes, and nobody else would take the taint off
	case nodereport.Applied, nodereport.None:
	default:
		return false
	}
	for _, e := range status.Endpoints {
		answer := report.Answers[e.Name]
		// A switch that can't be read must not hold nodes up: they go by the last that could.
		if len(e.Waiting) > 0 || e.Problem != "" && (answer.Switch == "" || answer.Target == "") {
			return false
		}
	}
	return true
}

// reported says that the Lease is from this node, and not from an earlier one
// of the same name. Both times are the API server's; a node's clock may be wrong
// when it has just started.
func (j joiner) reported() bool {
	if j.lease == nil {
		return false
	}
	for _, written := range j.lease.ManagedFields {
		if written.Manager == nodereport.FieldManager && written.Time != nil && written.Time.After(j.node.CreationTimestamp.Time) {
			return true
		}
	}
	return false
}
