package healthreport

import (
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
)

// A Serving is who answers under a shared endpoint's own name where the prober is: on its
// node, by the node's hosts file and then its DNS, as for a pull. It says nothing of how well
// an instance does.
type Serving struct {
	Endpoint string `json:"endpoint"`
	// Instance is the name of the one that answers; empty where none of the configuration's does.
	Instance string `json:"serving"`
	// Reason is how the name leads there, or why nobody serves it.
	Reason string `json:"reason"`
	// Since is when it became this instance, or none, by the prober's clock, to the second.
	Since time.Time `json:"since"`
}

func (s Serving) equal(other Serving) bool {
	return s.Endpoint == other.Endpoint && s.Instance == other.Instance && s.Reason == other.Reason && s.Since.Equal(other.Since)
}

// MaxServing is how many endpoints a report tells of.
const MaxServing = 128

// cutServing keeps what is told short enough.
func cutServing(all []Serving) []Serving {
	var cut []Serving
	for _, s := range all[:min(len(all), MaxServing)] {
		s.Reason, s.Since = clip(s.Reason), s.Since.UTC().Truncate(time.Second)
		cut = append(cut, s)
	}
	return cut
}

// Of is what the report tells of an endpoint; false where it tells nothing, as one of an
// older version does.
func (r Report) Of(endpoint string) (Serving, bool) {
	i := slices.IndexFunc(r.Serving, func(s Serving) bool { return s.Endpoint == endpoint })
	if i < 0 {
		return Serving{}, false
	}
	return r.Serving[i], true
}

// A NodeServing is who serves a node, as its prober tells.
type NodeServing struct {
	Node string
	Serving
	// Renewed is when the prober said so last, by its clock: it does every half a minute, and
	// at once when another instance answers. What is older than [Fresh] tells nothing.
	Renewed time.Time
}

// ServingNodes reads who serves an endpoint's name on each node that has a prober, from the
// probers' Leases, by the nodes' names. Of two Leases of one node the one that was renewed last
// counts. What is no report, or tells nothing of it, is passed over.
func ServingNodes(leases []coordinationv1.Lease, endpoint string) []NodeServing {
	last := map[string]NodeServing{}
	for _, l := range leases {
		if l.Spec.HolderIdentity == nil || l.Spec.RenewTime == nil {
			continue
		}
		report, err := Parse(l.Annotations)
		if err != nil {
			continue
		}
		serving, told := report.Of(endpoint)
		node := *l.Spec.HolderIdentity
		if told && !l.Spec.RenewTime.Time.Before(last[node].Renewed) {
			last[node] = NodeServing{node, serving, l.Spec.RenewTime.Time}
		}
	}
	all := make([]NodeServing, 0, len(last))
	for _, s := range last {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b NodeServing) int { return strings.Compare(a.Node, b.Node) })
	return all
}
