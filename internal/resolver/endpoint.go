package resolver

import (
	"errors"
	"fmt"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// origin is where the switch in force came from.
type origin int

const (
	// undecided: nothing could be read yet, and nothing is remembered.
	undecided origin = iota
	// byDefault: there is neither a switch nor a state, so PrivateZone is followed.
	byDefault
	// byRecord: from lastSwitch in the state.
	byRecord
	// bySwitch: from the switch itself, now or before a restart.
	bySwitch
)

// endpoint is one shared endpoint with the last good of everything.
type endpoint struct {
	zone.Endpoint
	origin      origin
	sw          zone.Switch
	switchValue string // as it was written; empty with byDefault
	state       zone.State
	stateValue  string
	answer      *zone.Answer // last good; nil before the first
	serial      uint32

	// What stands there but is not in force, each with its reason.
	switchProblem, stateProblem error
	kept                        error // why answer is not what the switch says
}

// LastGood is what is remembered of one endpoint across a restart.
type LastGood struct{ Switch, State string }

func (e *endpoint) lastGood() LastGood {
	l := LastGood{State: e.stateValue}
	if e.origin == bySwitch {
		l.Switch = e.switchValue
	}
	return l
}

func (e *endpoint) restore(l LastGood) {
	if l.State != "" {
		_ = e.acceptState(l.State) // read from the state again, which reports it
	}
	if l.Switch != "" {
		_ = e.accept(l.Switch, bySwitch) // an instance may have left the configuration
	}
}

func (e *endpoint) accept(value string, from origin) error {
	sw, err := e.ParseSwitch(value)
	if err == nil {
		e.sw, e.switchValue, e.origin = sw, value, from
	}
	return err
}

func (e *endpoint) acceptState(value string) error {
	state, err := zone.ParseState([]byte(value))
	if err == nil {
		e.state, e.stateValue = state, value
	}
	return err
}

func (e *endpoint) takeState(o inputs.Object) {
	value, there := o.Values[e.Name]
	switch {
	case there && value == e.stateValue:
		e.stateProblem = nil
	case there:
		if e.stateProblem = e.acceptState(value); e.stateProblem != nil {
			e.stateProblem = fmt.Errorf("endpoint %q: %w", e.Name, e.stateProblem)
		}
	default:
		e.stateProblem = nil // an installation without a controller has no state
	}
}

func (e *endpoint) takeSwitch(o, state inputs.Object) {
	e.switchProblem = nil
	value, there := o.Values[e.Name]
	switch {
	case there && e.origin == bySwitch && value == e.switchValue:
		return
	case there:
		if e.switchProblem = e.accept(value, bySwitch); e.switchProblem == nil {
			return
		}
	case o.Problem != "":
		e.switchProblem = errors.New(o.Problem)
	case o.Known:
		e.switchProblem = fmt.Errorf("endpoint %q: the switch has no such key: write one of its words", e.Name)
	}
	if e.origin == bySwitch {
		return
	}
	if e.state.LastSwitch != "" && e.accept(e.state.LastSwitch, byRecord) == nil {
		return
	}
	if e.origin == undecided && o.Known && state.Known {
		e.origin = byDefault
	}
}

func (e *endpoint) target(node string) zone.Target { return e.sw.Target(e.Name, node) }

// decide brings the answer up to date, or keeps it and remembers why.
func (e *endpoint) decide(learnt zone.State, node string, assume bool, now func() time.Time) {
	if e.origin == undecided && !assume {
		return
	}
	var answer zone.Answer
	if answer, e.kept = e.Answer(e.sw, learnt, node); e.kept != nil {
		return
	}
	if e.answer == nil || !answer.Equal(*e.answer) {
		e.answer, e.serial = &answer, max(e.serial+1, uint32(now().Unix()))
	}
}

func (e *endpoint) ready() error {
	switch {
	case e.origin == undecided:
		return fmt.Errorf("endpoint %q: neither switch nor state could be read yet", e.Name)
	case e.answer == nil && e.kept != nil:
		return e.kept
	}
	return nil
}
