package uninstall

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

// tally is what the Leases tell about the nodes that exist.
type tally struct {
	done int
	// silent are nodes whose Lease doesn't say that there is no block.
	silent []silentNode
	// without have no Lease: no resolver has ever reported from there.
	without []string
}

// silentNode is a node with what its Lease says instead.
type silentNode struct{ name, why string }

// count compares the Leases with the nodes, by name. A Lease of a node that is
// gone doesn't count.
func count(nodes map[string]bool, leases []coordinationv1.Lease) tally {
	var t tally
	seen := map[string]bool{}
	for _, l := range leases {
		if !nodes[l.Name] {
			continue
		}
		seen[l.Name] = true
		if why := whySilent(l); why != "" {
			t.silent = append(t.silent, silentNode{l.Name, why})
		} else {
			t.done++
		}
	}
	for node := range nodes {
		if !seen[node] {
			t.without = append(t.without, node)
		}
	}
	slices.SortFunc(t.silent, func(a, b silentNode) int { return cmp.Compare(a.name, b.name) })
	slices.Sort(t.without)
	return t
}

// whySilent is empty when the Lease says that there is no block.
func whySilent(l coordinationv1.Lease) string {
	report, err := nodereport.Parse(l.Annotations)
	if err != nil {
		return err.Error()
	}
	if report.Hosts == nodereport.Removed || report.Hosts == nodereport.None {
		return ""
	}
	when := "at a time that it doesn't tell"
	if l.Spec.RenewTime != nil {
		when = "at " + l.Spec.RenewTime.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("it reported %q %s", report.Hosts, when)
}
