package rollout

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Input is what a cluster says of itself at one moment.
type Input struct {
	// Endpoints are those that are configured.
	Endpoints []zone.Endpoint
	// Switch is the data of the ConfigMap registry-failover.
	Switch map[string]string
	// Managers are its managedFields, which tell who has written which key, and when.
	Managers []metav1.ManagedFieldsEntry
	Nodes    []corev1.Node
	// Leases are the nodes' reports; those of others and of nodes that are gone are passed over.
	Leases []coordinationv1.Lease
	// Pods may be any; only those on the host network matter.
	Pods []corev1.Pod
	Now  time.Time
}

// Status is what follows from it.
type Status struct {
	Endpoints []Endpoint `json:"endpoints"`
	// Excluded is how many nodes no resolver runs on, because they have no hosts
	// file: those of ACK's virtual-kubelet, and of another system than Linux.
	Excluded int `json:"excludedNodes"`
	// Findings are what else nodes report, by node.
	Findings []Node `json:"findings"`
	// Pods are those on the host network with another block than their node has
	// now, by owner.
	Pods []Owner `json:"pods"`
}

// Endpoint is how far the switch of one endpoint has reached.
type Endpoint struct {
	Name string `json:"endpoint"`
	// Switch is the value as it stands there, without surrounding white space.
	Switch string `json:"switch"`
	// Problem says why the value isn't valid: then what was valid last is in
	// force, and no node counts as switched. Else it is empty.
	Problem string `json:"problem"`
	// Target is where the value leads, as a word with its network; of a share or
	// of some nodes it is what it leads to there.
	Target string `json:"target"`
	// Elsewhere is where a switch of a share or of some nodes leads the other nodes
	// and the DNS Service; else it is empty.
	Elsewhere string `json:"elsewhere"`
	// Decision is who has thrown the switch, when and why.
	Decision Decision `json:"decision"`
	// Nodes is how many there are, without the excluded ones.
	Nodes int `json:"nodes"`
	// Switched is how many have applied the value.
	Switched int `json:"switched"`
	// Oldest is when the report was written that is the oldest of all nodes'; nil where none reports.
	Oldest *time.Time `json:"oldestReport"`
	// Targets counts the nodes by where they report that their answers lead, by word.
	Targets map[string]int `json:"targets"`
	// Waiting are the nodes that have not, by name.
	Waiting []Node `json:"waiting"`

	parsed zone.Switch
}

// Leads says that the value may lead a node to the instance: that it names it, or
// somewhere PrivateZone, or isn't valid.
func (e Endpoint) Leads(instance string) bool {
	leads := func(t zone.Target) bool { return t.FollowsPrivateZone() || t.Instance == instance }
	return e.Problem != "" || leads(e.parsed.To) || e.IsPartial() && leads(e.parsed.From)
}

// IsPartial says that the value leads only some nodes.
func (e Endpoint) IsPartial() bool { return e.parsed.Scope != zone.AllNodes }

// Node is something to say about a node.
type Node struct {
	Node string `json:"node"`
	Text string `json:"text"`
}

// Owner is the pods of one owner.
type Owner struct {
	Namespace string `json:"namespace"`
	// Owner is Kind/name.
	Owner string `json:"owner"`
	// Pods are names, in order.
	Pods []string `json:"pods"`
}

// Switched says that every endpoint has a valid switch that every node has applied.
func (s Status) Switched() bool {
	for _, e := range s.Endpoints {
		if e.Problem != "" || e.Switched < e.Nodes {
			return false
		}
	}
	return true
}
