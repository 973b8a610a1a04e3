package failover

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// observe remembers what the switch and PrivateZone are now. The value is the
// switch's without white space around it. The state is one that at has made, whose
// Moves are nobody else's.
func (s State) observe(in Input, sw zone.Switch, value string) State {
	if in.ZoneKnown && in.known(in.ZoneTarget) {
		s.Zone = in.ZoneTarget.String()
	}
	undone := false
	if p := s.Pending; p != nil {
		switch {
		case value == p.Value:
			s.Own, s.Pending = p.Value, nil
			s.Moves = append(s.Moves, in.now())
		case p.Version == "" || p.Version != in.Version:
			// Somebody has written since. Whether ours was there in between can't be
			// known: it counts, and so does whoever may have taken it back.
			s.Pending, undone = nil, true
			s.Moves = append(s.Moves, in.now())
		}
	}
	if value != s.Own {
		s.Own = ""
	}
	first := s.Leads == ""
	follows, leads := mostFollowZone(sw), in.leads(sw, s)
	if follows && (undone || !first && !s.Follows) {
		s.Returned = in.now()
	}
	if undone || leads != s.Leads {
		s.Changed = in.now()
	}
	s.Follows, s.Leads = follows, leads
	return s
}

// now is without what doesn't survive being stored.
func (in Input) now() time.Time { return in.Now.UTC().Round(0) }

// followsZone says that all nodes follow PrivateZone, in whatever words.
func followsZone(sw zone.Switch) bool {
	return sw.To.FollowsPrivateZone() && sw.From.FollowsPrivateZone()
}

// mostFollowZone says so also while a few nodes are named that don't, as in a drill:
// when they return, PrivateZone's instance gets no load back that it would have to bear.
func mostFollowZone(sw zone.Switch) bool {
	return followsZone(sw) || sw.Scope == zone.NamedNodes && sw.From.FollowsPrivateZone()
}

// known says whether it is one of the configured instances.
func (in Input) known(t zone.Target) bool {
	_, ok := in.Endpoint.Instance(t.Instance)
	return ok
}

// current is where the switch leads all nodes; its zero value is none of the
// instances. Where PrivateZone isn't known, it is believed to be as it was, and
// before anything was known of it, to lead to the primary: a failover must not
// wait for a cloud API.
func (in Input) current(sw zone.Switch, s State) zone.Target {
	switch {
	case !sw.To.FollowsPrivateZone():
		return sw.To
	case in.ZoneKnown && in.known(in.ZoneTarget):
		return in.ZoneTarget
	case in.ZoneKnown:
		return zone.Target{}
	}
	if was, err := in.Endpoint.ParseSwitch(s.Zone); err == nil && in.known(was.To) {
		return was.To
	}
	return in.byItsNetwork(in.Primary)
}

// byItsNetwork is what the bare name means in the switch.
func (in Input) byItsNetwork(name string) zone.Target {
	instance, _ := in.Endpoint.Instance(name)
	return zone.Target{Instance: instance.Name, Network: instance.Network}
}

// leads is short, however many nodes the switch names, and differs where nodes are led elsewhere.
func (in Input) leads(sw zone.Switch, s State) string {
	if followsZone(sw) {
		if t := in.current(sw, s); !t.FollowsPrivateZone() {
			return zone.PrivateZone + " to " + t.String()
		}
		return zone.PrivateZone + " to elsewhere"
	}
	switch sw.Scope {
	case zone.ShareOfNodes:
		return fmt.Sprintf("%s, from %s, share %d", sw.To, sw.From, sw.Share)
	case zone.NamedNodes:
		return fmt.Sprintf("%s, from %s, nodes %x", sw.To, sw.From, sha256.Sum256([]byte(strings.Join(sw.Nodes, ","))))
	default:
		return sw.To.String()
	}
}
