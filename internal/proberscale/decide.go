package proberscale

import "time"

// lowFor is how long there must be fewer nodes before there are fewer probers: nodes that
// are away for a while must not make a majority of the few that are left.
const lowFor = 5 * time.Minute

// A plan is how many probers there should be. Its zero value doesn't know yet.
type plan struct {
	known  bool
	wanted int
	low    time.Time // since when there are fewer nodes; zero while there aren't
}

// next is the plan after the nodes were counted: more at once, fewer later.
func (p plan) next(nodes int, now time.Time) plan {
	nodes = min(nodes, Most)
	switch {
	case !p.known || nodes >= p.wanted:
		return plan{known: true, wanted: nodes}
	case p.low.IsZero():
		p.low = now
	case now.Sub(p.low) >= lowFor:
		return plan{known: true, wanted: nodes}
	}
	return p
}
