package saferules

import (
	"fmt"
	"time"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// goesOn tells whether the switch leads at least some nodes to the target already.
func (f Facts) goesOn() bool { return f.Standing.To == f.Target }

func dwell(f Facts) (Outcome, string) {
	c, least := f.Changed, f.Rules.Dwell.Duration
	switch {
	case f.goesOn():
		return Pass, fmt.Sprintf("it goes on to %s, where the switch leads already", f.Target)
	case c.Unknown != "":
		return NobodyKnows, c.Unknown
	case c.At.IsZero():
		return Pass, "nobody has changed the switch yet"
	}
	by := ""
	if c.By != "" {
		by = ", by " + c.By
	}
	// A time in the future is of a clock that is wrong.
	if since := max(f.Now.Sub(c.At), 0); since < least {
		return Fail, fmt.Sprintf("the switch was changed %s ago%s, and failover.dwell is %s", since.Truncate(time.Second), by, least)
	}
	return Pass, fmt.Sprintf("the switch was changed at %s%s", c.At.UTC().Format(time.RFC3339), by)
}

func oneDirection(f Facts) (Outcome, string) {
	s := f.Standing
	var who string
	switch s.Scope {
	case zone.ShareOfNodes:
		if s.Share == 0 {
			return Pass, "no node has been moved"
		}
		who = fmt.Sprintf("%d %% of the nodes lead", s.Share)
	case zone.NamedNodes:
		who = several(len(s.Nodes), "named node leads", "named nodes lead")
	default:
		return Pass, "all nodes lead to " + s.To.String()
	}
	if f.goesOn() {
		return Pass, fmt.Sprintf("%s there already, from %s", who, s.From)
	}
	return Fail, fmt.Sprintf("%s to %s, and the others to %s", who, s.To, s.From)
}

// hasAnswer goes by what is known without asking DNS, which answers otherwise here than
// on a node.
func hasAnswer(f Facts) (Outcome, string) {
	t := f.Target
	switch {
	case t.FollowsPrivateZone() && f.Source == config.VPCDNS:
		return Pass, "each node asks its own DNS servers, and keeps its last answer where they are silent"
	case t.Network == zone.Public:
		return f.lookedUp(t)
	}
	i, _ := f.Endpoint.Instance(t.Instance)
	if f.LearntUnknown != "" && (t.FollowsPrivateZone() || len(i.InternalAddrs) == 0) {
		return NobodyKnows, f.LearntUnknown
	}
	records, err := f.Endpoint.Records(t, f.Learnt)
	if err != nil {
		return Fail, err.Error()
	}
	if records.CNAME != "" && len(records.Addrs) == 0 {
		return f.lookedUp(f.Serves())
	}
	if _, err := f.Endpoint.Answer(zone.Switch{To: t}, f.Learnt, ""); err != nil {
		return Fail, err.Error()
	}
	return Pass, "the addresses of " + t.String() + " are known"
}

// lookedUp is for a name, and goes by the probers: who has connected has looked it up as its node does.
func (f Facts) lookedUp(t zone.Target) (Outcome, string) {
	found, there := f.find(t)
	switch {
	case f.HealthUnknown != "":
		return NobodyKnows, f.HealthUnknown
	case there && (found.Level == healthreport.Healthy || found.Level.Bad() && found.Level != healthreport.Unreachable):
		return Pass, "the probers connect to " + t.String() + ", whose address each node looks up itself"
	}
	return NobodyKnows, "no prober has connected to " + t.String() + ", whose address each node looks up itself"
}
