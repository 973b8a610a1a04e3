package healthquorum

import (
	"cmp"
	"slices"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

// A Serving is who answers under an endpoint's own name on some nodes.
type Serving struct {
	// Instance is its name; empty for the nodes that none of the configuration's serves.
	Instance string `json:"instance"`
	Nodes    int    `json:"nodes"`
	// Reason is why none does: the one that most give.
	Reason string `json:"reason,omitempty"`
}

// serving counts who serves the endpoint to those that have a fresh report and tell of it:
// most nodes first.
func serving(endpoint string, fresh []healthreport.Report) []Serving {
	nodes := map[string]int{}
	var none []string
	for _, r := range fresh {
		s, told := r.Of(endpoint)
		if !told {
			continue
		}
		nodes[s.Instance]++
		if s.Instance == "" {
			none = append(none, s.Reason)
		}
	}
	var all []Serving
	for instance, n := range nodes {
		s := Serving{Instance: instance, Nodes: n}
		if instance == "" {
			s.Reason = mostGiven(none)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Serving) int {
		return cmp.Or(cmp.Compare(b.Nodes, a.Nodes), cmp.Compare(a.Instance, b.Instance))
	})
	return all
}
