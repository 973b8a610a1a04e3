package network

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// reachable tells whether a registry answers at the end of each way.
func (s *survey) reachable(context.Context) []finding {
	return s.each(func(w *way) []finding { return []finding{w.reachable()} })
}

func (w *way) reachable() finding {
	switch {
	case w.unknown:
		return w.says(checks.Unknown, "its internal address isn't in the configuration",
			"set internalAddresses to look at it from here; the controller learns it from PrivateZone")
	case w.cut:
		return w.unanswered()
	case w.result.Err != nil:
		return w.says(checks.Failed, w.result.Err.Error(), w.remedy())
	}
	l := w.result.Latency
	return w.says(checks.OK, fmt.Sprintf("%s answers %d in %s (connecting %s, TLS %s)",
		w.result.Addr, w.result.Answer.Status, round(l.Total()), round(l.Connect), round(l.Handshake)), "")
}

// remedy is what to do about a way on which no registry has answered.
func (w *way) remedy() string {
	switch {
	case isLookup(w.result.Err):
		return "look why the DNS servers of this host don't know the instance's public endpoint"
	case w.network == zone.Internal:
		return "look at the instance, at its access list for VPCs, and at the route from here to its VPC"
	case w.network == zone.Public:
		return "look at the instance, at its public access with its access list, and at the way from here to the Internet"
	}
	return "look at what the shared endpoint leads to: pulls go there now"
}

// unanswered is for what there was no time for.
func (w *way) unanswered() finding {
	f := w.says(checks.Unknown, "had not answered when the time was over", "give more time")
	f.Late = true
	return f
}

// resolved are the ways but for a shared endpoint that doesn't resolve, of which
// RESOLVES tells.
func (e *endpoint) resolved() []*way {
	if isLookup(e.own.result.Err) {
		return e.instances
	}
	return append([]*way{e.own}, e.instances...)
}

// each judges every way that resolves, endpoint by endpoint. Those that judge has
// nothing to say about weren't seen, which is told once for all.
func (s *survey) each(judge func(*way) []finding) []finding {
	var all []finding
	for _, e := range s.endpoints {
		var unseen []string
		for _, w := range e.resolved() {
			found := judge(w)
			if len(found) == 0 {
				unseen = append(unseen, cmp.Or(w.subject(), "what it resolves to"))
			}
			all = append(all, found...)
		}
		if len(unseen) > 0 {
			all = append(all, e.own.says(checks.Unknown, "can't be looked at: "+strings.Join(unseen, ", "), "see "+string(Reachable)))
		}
	}
	return all
}

func round(d time.Duration) time.Duration {
	if d > 10*time.Millisecond {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}
