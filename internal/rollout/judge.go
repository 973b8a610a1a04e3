package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Judge gives the same status for the same input, in an order that stays.
func Judge(in Input) Status {
	nodes := in.read()
	s := Status{Findings: []Node{}, Excluded: len(in.Nodes) - len(nodes)}
	for _, e := range in.Endpoints {
		s.Endpoints = append(s.Endpoints, in.endpoint(e, nodes))
	}
	for _, n := range nodes {
		for _, finding := range n.report.Findings {
			s.Findings = append(s.Findings, Node{n.name, finding})
		}
		if n.silent {
			s.Findings = append(s.Findings, Node{n.name, "its last report is of " + n.at() + ": its resolver doesn't run, or doesn't reach the API server"})
		}
	}
	s.Pods = in.pods(nodes)
	return s
}

// node is a node with its report.
type node struct {
	name   string
	ready  bool
	report nodereport.Report
	// none says why there is no report.
	none error
	when time.Time
	// silent says that the report should have been renewed long ago.
	silent bool
}

func (n node) at() string { return n.when.UTC().Format(time.RFC3339) }

// read gives the nodes that a resolver should run on, by name.
func (in Input) read() []node {
	leases := map[string]coordinationv1.Lease{}
	for _, l := range in.Leases {
		leases[l.Name] = l
	}
	var nodes []node
	for _, n := range in.Nodes {
		if !HasHostsFile(n) {
			continue
		}
		this := node{name: n.Name, ready: Ready(n), none: errNoLease}
		if l, there := leases[n.Name]; there {
			this.report, this.none = nodereport.Parse(l.Annotations)
			if l.Spec.RenewTime != nil {
				this.when = l.Spec.RenewTime.Time
			}
			this.silent = in.Now.Sub(this.when) > nodereport.Duration
		}
		nodes = append(nodes, this)
	}
	slices.SortFunc(nodes, func(a, b node) int { return cmp.Compare(a.name, b.name) })
	return nodes
}

// HasHostsFile is where the chart runs a resolver: these nodes are counted.
func HasHostsFile(n corev1.Node) bool {
	return n.Labels["type"] != "virtual-kubelet" && cmp.Or(n.Labels[corev1.LabelOSStable], "linux") == "linux"
}

// Ready is what the node's own condition says.
func Ready(n corev1.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

func (in Input) endpoint(z zone.Endpoint, nodes []node) Endpoint {
	value, stands := in.Switch[z.Name]
	e := Endpoint{Name: z.Name, Switch: strings.TrimSpace(value), Nodes: len(nodes), Targets: map[string]int{}, Waiting: []Node{}}
	var err error
	if e.parsed, err = z.ParseSwitch(value); !stands {
		err = fmt.Errorf("endpoint %q: the switch has no value: the controller writes it anew", z.Name)
	}
	if err != nil {
		e.Problem = err.Error()
	} else {
		e.Target = e.parsed.To.String()
		if e.parsed.Scope != zone.AllNodes {
			e.Elsewhere = e.parsed.From.String()
		}
	}
	e.Decision = decisionOf(z.Name, e.parsed, in.Managers)
	for _, n := range nodes {
		if target := n.report.Answers[z.Name].Target; n.none == nil && target != "" {
			e.Targets[target]++
		}
		if n.none == nil && !n.when.IsZero() && (e.Oldest == nil || n.when.Before(*e.Oldest)) {
			e.Oldest = &n.when
		}
		if err != nil {
			continue
		}
		if why := n.waits(e); why != "" {
			e.Waiting = append(e.Waiting, Node{n.name, why})
		} else {
			e.Switched++
		}
	}
	return e
}
