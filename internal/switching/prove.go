package switching

import (
	"fmt"

	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// A Proof is how far one value has got, by the reports of nodes and probers.
type Proof struct {
	// Proven says that every node that is ready has applied the value, and that every prober
	// on a node that it moves is served by the target.
	Proven bool `json:"proven"`
	// Nodes is how many there are, Switched how many have applied the value, and Moved how
	// many nodes it leads to the target.
	Nodes    int `json:"nodes"`
	Switched int `json:"switched"`
	Moved    int `json:"moved"`
	// Waiting are the ready nodes that have not, Away those that are not ready.
	Waiting []rollout.Node `json:"waiting"`
	Away    []rollout.Node `json:"away"`
	// Serving is the instance that is to serve.
	Serving string `json:"serving"`
	// Probers is how many run on moved nodes, and Served how many of them are served by it.
	Probers int `json:"probers"`
	Served  int `json:"served"`
	// Others are the probers' nodes that aren't, and why.
	Others []rollout.Node `json:"others"`
	// Refuted says that one of them is served by another instance.
	Refuted bool `json:"refuted"`
	// Seconds is how long it took since the value was written.
	Seconds float64 `json:"seconds"`
	// Problem says why it isn't proven; else it is empty.
	Problem string `json:"problem"`
}

// A Claim is what is to be proven.
type Claim struct {
	Endpoint zone.Endpoint
	Step     Step
	// Primary is whom PrivateZone should lead to.
	Primary string
	// Since is the view from before the value was written: a prober's report counts when it
	// is another one than there.
	Since View
}

// serves is the instance that is to serve the moved nodes.
func (c Claim) serves() string {
	if c.Step.Switch.To.FollowsPrivateZone() {
		return c.Primary
	}
	return c.Step.Switch.To.Instance
}

// Prove judges what there is to see now.
func Prove(c Claim, now View) Proof {
	status := rollout.Judge(rollout.Input{
		Endpoints: []zone.Endpoint{c.Endpoint}, Switch: now.Switch.Data, Nodes: now.Nodes, Leases: now.Leases, Now: now.Now,
	}).Endpoints[0]
	p := Proof{
		Nodes: status.Nodes, Switched: status.Switched, Serving: c.serves(),
		Waiting: []rollout.Node{}, Away: []rollout.Node{}, Others: []rollout.Node{},
	}
	ready, counted := map[string]bool{}, map[string]bool{}
	for _, n := range now.Nodes {
		if ready[n.Name] = rollout.Ready(n); rollout.HasHostsFile(n) {
			counted[n.Name] = true
			if c.moves(n.Name) {
				p.Moved++
			}
		}
	}
	for _, n := range status.Waiting {
		if ready[n.Node] {
			p.Waiting = append(p.Waiting, n)
		} else {
			p.Away = append(p.Away, n)
			counted[n.Node] = false
		}
	}
	c.probers(&p, now, counted)
	switch {
	case len(p.Waiting) > 0:
		p.Problem = fmt.Sprintf("%d of %s switched", p.Switched, several(p.Nodes, "node", "nodes"))
	case len(p.Others) > 0:
		p.Problem = fmt.Sprintf("%d of %s by %s", p.Served, several(p.Probers, "prober is served", "probers are served"), p.Serving)
	default:
		p.Proven = true
	}
	return p
}

func (c Claim) moves(node string) bool {
	s := c.Step.Switch
	return s.Scope == zone.AllNodes || s.Target(c.Endpoint.Name, node) == s.To
}

func several(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprintf("%d %s", n, more)
}
