package switching

import (
	"cmp"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// probers counts those on moved nodes that count, and that have reported lately.
func (c Claim) probers(p *Proof, now View, counted map[string]bool) {
	before := map[string]time.Time{}
	for _, l := range c.Since.Probers {
		before[l.Name] = healthreport.Renewed(l)
	}
	old := healthreport.Old(now.Probers, now.Now)
	for node, l := range lastByNode(now.Probers) {
		if !counted[node] || !c.moves(node) || old(l) {
			continue
		}
		p.Probers++
		was, known := before[l.Name]
		newer := !known || healthreport.Renewed(l).After(was)
		served, other, why := c.served(l, newer, newer || c.ledAlready(node))
		if served {
			p.Served++
			continue
		}
		p.Refuted = p.Refuted || other && newer
		p.Others = append(p.Others, rollout.Node{Node: node, Text: why})
	}
	slices.SortFunc(p.Others, func(a, b rollout.Node) int { return cmp.Compare(a.Node, b.Node) })
}

// lastByNode are the newest reports: a prober that is replaced leaves its own for a while.
func lastByNode(probers []coordinationv1.Lease) map[string]coordinationv1.Lease {
	last := map[string]coordinationv1.Lease{}
	for _, l := range probers {
		if node := holder(l); !healthreport.Renewed(l).Before(healthreport.Renewed(last[node])) {
			last[node] = l
		}
	}
	return last
}

// served tells whether a prober is served by the target; other says that somebody else
// answers. A report that doesn't count may be of an answer before the switch: by another
// network the same instance may have given it. A prober that doesn't tell who serves its node
// proves it by the target's own identity, in a report that is newer than the switch.
func (c Claim) served(l coordinationv1.Lease, newer, counts bool) (served, other bool, why string) {
	r, err := healthreport.Parse(l.Annotations)
	if err != nil {
		return false, false, "its prober's report can't be read: " + err.Error()
	}
	s, tells := r.Of(c.Endpoint.Name)
	switch {
	case tells && s.Instance == "":
		return false, false, "its prober is served by nobody: " + s.Reason
	case tells && s.Instance != c.serves():
		return false, true, "its prober is served by " + s.Instance + ": " + s.Reason
	case tells && counts:
		return true, false, ""
	case !newer:
		return false, false, "its prober has not reported since"
	}
	for _, i := range r.Instances {
		if i.Endpoint == c.Endpoint.Name && i.Instance == c.serves() && i.Level == healthreport.Healthy && c.over(i.Network) {
			return true, false, ""
		}
	}
	return false, false, "its prober doesn't see " + c.serves() + " healthy"
}

// ledAlready tells whether the value from before has led a node to the same target.
func (c Claim) ledAlready(node string) bool {
	if c.Since.Switch == nil {
		return false
	}
	before, err := c.Endpoint.ParseSwitch(c.Since.Switch.Data[c.Endpoint.Name])
	return err == nil && before.Target(c.Endpoint.Name, node) == c.Step.Switch.To
}

// over tells whether an instance over a network says something about the target.
func (c Claim) over(n zone.Network) bool {
	to := c.Step.Switch.To
	return to.FollowsPrivateZone() || to.Network == n
}

func holder(l coordinationv1.Lease) string {
	if l.Spec.HolderIdentity == nil {
		return ""
	}
	return *l.Spec.HolderIdentity
}
