package resolver

import (
	"net/netip"
	"slices"
	"time"
)

const (
	// resetFor is how long connections to what a switch has abandoned are reset,
	// from when the hosts file leads elsewhere. A Go program may go by what it has
	// read of the old file for 5 s, and takes a moment to connect then.
	resetFor = 6 * time.Second
	// resetEvery is how soon one that was begun anew in that time is reset too.
	resetEvery = 500 * time.Millisecond
	// rememberFor is how long addresses count as a target's that its records have
	// no more. A pull that was cut off in the middle of a layer hung for 11 min.
	rememberFor = 15 * time.Minute
	// rememberMost is how many there are of each endpoint, whatever DNS says.
	rememberMost = 1024
)

// A lead is where an endpoint leads on the node: a target as the report has it,
// and the addresses there.
type lead struct {
	target string
	addrs  []netip.Addr
}

// leads are those of the endpoints that have an answer; nil where no connection
// is to be reset.
func (c *Core) leads() map[string]lead {
	if !c.resets || c.uninstalling {
		return nil
	}
	all := map[string]lead{}
	for _, e := range c.endpoints {
		if e.answer != nil {
			all[e.Name] = lead{e.answer.Target.String(), e.answer.Addrs}
		}
	}
	return all
}

// abandoned are the addresses that a switch has led away from, each with the
// time until which connections to it are reset.
type abandoned struct {
	led   map[string]history
	until map[netip.Addr]time.Time
}

// history is where an endpoint leads, with all addresses that it has had there,
// and when it was seen to have them last.
type history struct {
	target string
	addrs  map[netip.Addr]time.Time
}

// next continues it with where the endpoint leads now.
func (h history) next(l lead, now time.Time) history {
	after := history{l.target, map[netip.Addr]time.Time{}}
	for _, addr := range l.addrs {
		after.addrs[addr] = now
	}
	if h.target != l.target {
		return after
	}
	for addr, seen := range h.addrs {
		if _, still := after.addrs[addr]; !still && now.Sub(seen) < rememberFor && len(after.addrs) < rememberMost {
			after.addrs[addr] = seen
		}
	}
	return after
}

// follow takes where the endpoints lead from now on, and returns whether a switch
// has abandoned addresses. Only another target is a switch: when the records of
// the same one change, nobody has said that the old addresses are dead, and load
// balancers change theirs every minute; a switch says it of them as well. An
// address that any endpoint leads to is spared, and all are from the moment when
// none is to be reset.
func (a *abandoned) follow(leads map[string]lead, now time.Time) (switched bool) {
	var wanted []netip.Addr
	for _, l := range leads {
		wanted = append(wanted, l.addrs...)
	}
	if a.until == nil || leads == nil {
		a.until = map[netip.Addr]time.Time{}
	}
	led := map[string]history{}
	for name, after := range leads {
		before, there := a.led[name]
		led[name] = before.next(after, now)
		if !there || after.target == before.target {
			continue
		}
		for addr := range before.addrs {
			if !slices.Contains(wanted, addr) {
				a.until[addr] = now.Add(resetFor)
				switched = true
			}
		}
	}
	for _, addr := range wanted {
		delete(a.until, addr)
	}
	a.led = led
	return switched
}

// due lists, sorted, the addresses to which connections are to be reset now. The
// time of one is over when it was listed at its end or later.
func (a *abandoned) due(now time.Time) []netip.Addr {
	var addrs []netip.Addr
	for addr, until := range a.until {
		addrs = append(addrs, addr)
		if !now.Before(until) {
			delete(a.until, addr)
		}
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return addrs
}
