package failover

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// StateVersion is the schema that this program writes. It reads every older
// one and the next, so that versions of the controller may differ by one.
const StateVersion = 1

// MaxStateBytes is how long the text of a state may be.
const MaxStateBytes = 64 << 10

// mostPerDay keeps a state within its limit, whatever failover.maxPerDay says.
const mostPerDay = 1000

// day is the span of failover.maxPerDay. It moves: it doesn't begin at midnight.
const day = 24 * time.Hour

// State is what automatic mode remembers of one endpoint, as JSON. It changes with
// events and not with time, so that it is stored when something has happened. The
// zero value remembers nothing: then a dwell time passes before the first move.
// A reader ignores fields that it doesn't know.
type State struct {
	Version int `json:"version"`
	// Own is the switch's value where automatic mode has written it and nobody since; else empty.
	Own string `json:"own,omitempty"`
	// Pending is a value that was given out to be written, until its fate is seen.
	Pending *Pending `json:"pending,omitempty"`
	// Leads tells where the switch has led last, and Changed when that was first seen.
	Leads   string    `json:"leads,omitempty"`
	Changed time.Time `json:"changed,omitzero"`
	// Follows says that the switch was privatezone, but for nodes that it named, and
	// Returned when it last became so.
	Follows  bool      `json:"follows,omitempty"`
	Returned time.Time `json:"returned,omitzero"`
	// Zone is what PrivateZone gave when that was known last, as a word of the switch.
	Zone string `json:"zone,omitempty"`
	// Moves are when automatic mode's own switches within 24 hours were first seen, oldest first.
	Moves []time.Time `json:"moves,omitempty"`
}

// Pending is a value on its way into the switch.
type Pending struct {
	Value string `json:"value"`
	// Version is the switch's when the value was given out. While it stands, nothing was written.
	Version string `json:"version,omitempty"`
	// Doubt says that there was an attempt before this one, which may still get through.
	Doubt bool `json:"doubt,omitempty"`
}

// Refused is the state when the last attempt to write was refused, such as by a
// conflict, so that it has certainly written nothing. The next step decides anew. What
// an attempt before it has done stays in doubt.
func (s State) Refused() State {
	if s.Pending != nil && !s.Pending.Doubt {
		s.Pending = nil
	}
	return s
}

// Overtaken is the state when somebody has certainly written while the switch was at this
// version, and not what was given out: an attempt under the condition that the version
// stands has failed, or will.
func (s State) Overtaken(version string) State {
	if s.Pending != nil && version != "" && s.Pending.Version == version {
		s.Pending = nil
	}
	return s
}

// ParseState reads what was stored. An error is one sentence; whoever gets one goes
// on with the zero value and reports it: the switch that stands then counts as a
// person's, and nothing moves for a dwell time.
func ParseState(data []byte) (State, error) {
	if len(data) > MaxStateBytes {
		return State{}, fmt.Errorf("the memory of automatic mode is %d bytes long: at most %d are read", len(data), MaxStateBytes)
	}
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		return State{}, fmt.Errorf("the memory of automatic mode is not readable: %w", err)
	}
	if s.Version < 1 || s.Version > StateVersion+1 {
		return State{}, fmt.Errorf("the memory of automatic mode has version %d: this program reads 1 to %d, so upgrade the older of the two", s.Version, StateVersion+1)
	}
	return s, nil
}

// at is the state as of a moment: what is later than that moment, because a clock
// was wrong, counts as of now; what is older than a day is forgotten.
func (s State) at(now time.Time) State {
	s.Version = StateVersion
	s.Changed, s.Returned = earlier(s.Changed, now), earlier(s.Returned, now)
	var moves []time.Time
	for _, t := range s.Moves {
		if t = earlier(t, now); now.Sub(t) < day {
			moves = append(moves, t)
		}
	}
	slices.SortFunc(moves, time.Time.Compare)
	s.Moves = moves[max(0, len(moves)-mostPerDay):]
	return s
}

func earlier(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}
