package failover

import (
	"fmt"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Action is what is to be done with the switch.
type Action string

const (
	// HoldStill writes nothing.
	HoldStill Action = "hold still"
	// Move leads the endpoint to another instance.
	Move Action = "move"
	// Return follows PrivateZone again, or of some nodes goes back to where they came
	// from, because a person has said until when not to.
	Return Action = "return"
	// Extend keeps a person's value for longer, because a return would be to an
	// instance that is ill, or that nobody knows to be well. It is a warning.
	Extend Action = "extend"
)

// Decision is what to do at one step.
type Decision struct {
	Action Action
	// Value is what to write into the switch; empty where it holds still.
	Value string
	// Hold is why it holds still, or why a time was extended; else empty.
	Hold Hold
	// Why says it to people, in one line.
	Why string
	// Ill says that where the endpoint leads is seen to be ill, whatever is done about it.
	Ill bool
	// Next is what to remember. It equals what was given where nothing has happened.
	Next State
}

// Decide makes one step. It gives the same decision for the same input and state,
// and changes neither.
func Decide(in Input, s State) Decision {
	s = s.at(in.now())
	value := strings.TrimSpace(in.Switch)
	sw, err := in.Endpoint.ParseSwitch(value)
	if err != nil {
		return hold(s, SwitchInvalid, err.Error())
	}
	s = s.observe(in, sw, value)
	follows := followsZone(sw)
	switch {
	case !follows && !sw.Until.IsZero() && !in.Now.Before(sw.Until):
		return in.end(s, sw, value)
	case in.Rules.Mode != config.Automatic:
		return in.leave(s, sw, ManualMode)
	case !follows && value != s.Own:
		return in.leave(s, sw, SetByPerson)
	}
	return in.move(s, sw)
}

// leave is for a switch that isn't automatic mode's to throw.
func (in Input) leave(s State, sw zone.Switch, h Hold) Decision {
	d := hold(s, h, "")
	ill, seen := in.judge(in.current(sw, s))
	if d.Ill = ill == AllBad; d.Ill {
		d.Why += "; " + seen
	}
	return d
}

func hold(s State, h Hold, details string) Decision {
	d := Decision{Action: HoldStill, Hold: h, Why: h.Sentence(), Next: s}
	if details != "" {
		d.Why += ": " + details
	}
	return d
}

// NotWritten is what becomes of a decision that can't be stored or written, and why: Decide
// doesn't know of that.
func (d Decision) NotWritten(why string) Decision {
	h := hold(d.Next, NotWritten, why)
	h.Ill = d.Ill
	return h
}

func (d Decision) ill() Decision {
	d.Ill = true
	return d
}

// move is for a switch that automatic mode may throw.
func (in Input) move(s State, sw zone.Switch) Decision {
	from := in.current(sw, s)
	if from.FollowsPrivateZone() {
		return hold(s, ZoneElsewhere, "")
	}
	ill, seen := in.judge(from)
	switch {
	case ill == "" && s.Own != "":
		return hold(s, FailbackByHand, seen)
	case ill == "":
		return hold(s, NotNeeded, seen)
	case ill != AllBad:
		return hold(s, ill, seen)
	}
	to, unfit, about := in.choose(from)
	if unfit != "" {
		return hold(s, unfit, seen+"; "+about).ill()
	}
	if h, details := in.tooSoon(s); h != "" {
		return hold(s, h, fmt.Sprintf("%s; %s; %s", details, seen, about)).ill()
	}
	d := Decision{Action: Move, Ill: true, Why: fmt.Sprintf("%s; %s", seen, about), Next: s}
	d.Value = written(to, d.Why)
	if p := s.Pending; p != nil {
		// The same words as before: whichever of the two attempts gets through is known as ours.
		if was, err := in.Endpoint.ParseSwitch(p.Value); err == nil && was.To == to {
			d.Value = p.Value
		}
	}
	d.Next.Pending = &Pending{Value: d.Value, Version: in.Version, Doubt: s.Pending != nil}
	return d
}

// tooSoon holds still by what has happened before, whatever is seen now.
func (in Input) tooSoon(s State) (Hold, string) {
	now := in.now()
	free := s.Changed.Add(in.dwell())
	down := s.Returned.Add(in.holdDown())
	switch most := min(in.Rules.MaxPerDay, mostPerDay); {
	case !s.Returned.IsZero() && now.Before(down):
		return HeldDown, "until " + down.Format(time.RFC3339)
	case now.Before(free):
		return Dwelling, "until " + free.Format(time.RFC3339)
	case len(s.Moves) >= most:
		return DayFull, fmt.Sprintf("%d times", len(s.Moves))
	}
	return "", ""
}
