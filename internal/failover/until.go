package failover

import (
	"fmt"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Extension is by how much a time is extended that is over while PrivateZone leads to
// what can't serve.
const Extension = 10 * time.Minute

// SetBy is who has set what this package writes.
const SetBy = "registry-failover, automatically"

// end is for a value whose time is over, in whichever mode: a person has asked for
// it beforehand, so neither the dwell time nor the day's limit stands against it.
//
// Where the value names nodes, as a drill does, they go back to where all the others
// are, however that does: a few nodes elsewhere help nobody else, and while they are
// there, the value is a person's, which keeps automatic mode from helping all. A share
// may be most of the nodes, on their way in waves: it goes back as all nodes do, only to
// what can serve them.
func (in Input) end(s State, sw zone.Switch, value string) Decision {
	back := sw.From // privatezone where the value moves all nodes
	h, details := Hold(""), "the others have stayed there"
	if sw.Scope != zone.NamedNodes {
		h, details = in.mayReturn(back)
	}
	if h == "" {
		why := fmt.Sprintf("its time at %s, until %s, is over; %s", sw.To, sw.Until.UTC().Format(time.RFC3339), details)
		return Decision{Action: Return, Value: written(back, why), Why: why, Next: s}
	}
	until := in.now().Add(Extension + time.Second).Truncate(time.Second)
	return Decision{
		Action: Extend, Value: extended(value, until), Hold: h, Next: s,
		Why: fmt.Sprintf("its time is over, and is extended by %s: %s: %s", Extension, h.Sentence(), details),
	}
}

// mayReturn says why the endpoint may not follow PrivateZone again, or go back to an
// instance. Images that are known to be missing there count; that nobody has looked doesn't.
func (in Input) mayReturn(back zone.Target) (Hold, string) {
	t, ill := back, FromIll
	if back.FollowsPrivateZone() {
		if !in.ZoneKnown {
			return ZoneUnknown, "it was not read lately"
		}
		t, ill = in.ZoneTarget, ZoneIll
	}
	if !in.known(t) {
		return ZoneElsewhere, "it is edited by hand, or the configuration lacks an instance"
	}
	hold, seen := in.judge(t)
	switch hold {
	case "":
	case AllBad:
		return ill, seen
	default:
		return hold, seen
	}
	if ready, known := in.Ready[t.Instance]; known && !(ready >= in.Rules.ReadyShare) {
		return NotReady, fmt.Sprintf("%s has %.1f %% of the images", t.Instance, 100*ready)
	}
	if _, err := in.Endpoint.Answer(zone.Switch{To: back}, in.Learnt, ""); err != nil {
		return NoAddress, err.Error()
	}
	return "", seen
}

// written is a value of the switch with who and why, on lines.
func written(to zone.Target, why string) string {
	return fmt.Sprintf("to: %s\nreason: %s\nset-by: %s", to, why, SetBy)
}

// extended is the same value with another time. Everything else stays a person's, byte for byte.
func extended(value string, until time.Time) string {
	lines := strings.Split(value, "\n")
	for i, line := range lines {
		if old, is := strings.CutPrefix(line, "until:"); is {
			lines[i] = strings.Replace(line, strings.TrimSpace(old), until.UTC().Format(time.RFC3339), 1)
		}
	}
	return strings.Join(lines, "\n")
}
