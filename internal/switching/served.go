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

// probers counts those on moved nodes that count, and that have reported lately: by the
// newest of their reports, as the clock here may be another.
func (c Claim) probers(p *Proof, now View, counted map[string]bool) {
	before := map[string]time.Time{}
	for _, l := range c.Since.Probers {
		before[l.Name] = renewed(l)
	}
	var newest time.Time
	for _, l := range now.Probers {
		if renewed(l).After(newest) {
			newest = renewed(l)
		}
	}
	for node, l := range lastByNode(now.Probers) {
		if !counted[node] || !c.moves(node) || newest.Sub(renewed(l)) > healthreport.Fresh {
			continue
		}
		p.Probers++
		was, known := before[l.Name]
		newer := !known || renewed(l).After(was)
		served, other, why := c.served(l, newer)
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
		if node := holder(l); !renewed(l).Before(renewed(last[node])) {
			last[node] = l
		}
	}
	return last
}

// served tells whether a prober is served by the target; other says that somebody else
// answers. A prober that doesn't tell who serves its node proves it by the target's own
// identity, in a report that is newer than the switch.
func (c Claim) served(l coordinationv1.Lease, newer bool) (served, other bool, why string) {
	r, err := healthreport.Parse(l.Annotations)
	if err != nil {
		return false, false, "its prober's report can't be read: " + err.Error()
	}
	if s, tells := r.Of(c.Endpoint.Name); tells {
		switch s.Instance {
		case c.serves():
			return true, false, ""
		case "":
			return false, false, "its prober is served by nobody: " + s.Reason
		}
		return false, true, "its prober is served by " + s.Instance + ": " + s.Reason
	}
	if !newer {
		return false, false, "its prober has not reported since"
	}
	for _, i := range r.Instances {
		if i.Endpoint == c.Endpoint.Name && i.Instance == c.serves() && i.Level == healthreport.Healthy && c.over(i.Network) {
			return true, false, ""
		}
	}
	return false, false, "its prober doesn't see " + c.serves() + " healthy"
}

// over tells whether an instance over a network says something about the target.
func (c Claim) over(n zone.Network) bool {
	to := c.Step.Switch.To
	return to.FollowsPrivateZone() || to.Network == n
}

func renewed(l coordinationv1.Lease) time.Time {
	if l.Spec.RenewTime == nil {
		return time.Time{}
	}
	return l.Spec.RenewTime.Time
}

func holder(l coordinationv1.Lease) string {
	if l.Spec.HolderIdentity == nil {
		return ""
	}
	return *l.Spec.HolderIdentity
}
