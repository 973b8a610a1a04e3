package resolver

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/nodehosts"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// origin is where the switch in force came from.
type origin int

const (
	// undecided: nothing could be read yet, and nothing is remembered.
	undecided origin = iota
	// byDefault: neither switch nor state says anything valid, so DNS follows
	// PrivateZone. Nobody has decided that: the hosts file stays as it is.
	byDefault
	// outdated: the value that was accepted last is not valid in a configuration
	// that came after it. The last answer stays.
	outdated
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
	restored    bool         // the answer is from before a restart, and none has been computed since
	serial      uint32
	// lookedUp is when DNS last gave the answer's records, also while it is kept; the
	// zero time where they are from elsewhere, or that isn't known.
	lookedUp time.Time

	// What stands there but is not in force, each with its reason.
	switchProblem, stateProblem error
	kept                        error // why answer is not what the switch says
}

// LastGood is what is remembered of one endpoint across a restart.
type LastGood struct{ Switch, State, Answer string }

func (e *endpoint) lastGood() LastGood {
	l := LastGood{State: e.stateValue, Answer: formatAnswer(e.answer)}
	if e.origin == bySwitch || e.origin == outdated {
		l.Switch = e.switchValue
	}
	return l
}

func (e *endpoint) restore(l LastGood, now time.Time) {
	if answer, ok := parseAnswer(l.Answer); ok {
		answer.TTL = e.TTL
		e.answer, e.restored, e.serial = &answer, true, uint32(now.Unix())
	}
	if l.State != "" {
		_ = e.acceptState(l.State) // read from the state again, which reports it
	}
	e.readopt(l.Switch, bySwitch)
}

// inherit takes over what the same endpoint had in the configuration before.
func (e *endpoint) inherit(old *endpoint) {
	e.answer, e.restored, e.serial, e.lookedUp = old.answer, old.restored, old.serial, old.lookedUp
	e.state, e.stateValue = old.state, old.stateValue
	from := bySwitch
	if old.origin == byRecord { // which the next record may still replace
		from = byRecord
	}
	e.readopt(old.switchValue, from)
}

// readopt accepts again what was accepted before. A configuration that the
// instance has left must not end a failover.
func (e *endpoint) readopt(value string, from origin) {
	if value != "" && e.accept(value, from) != nil {
		e.switchValue, e.origin = value, outdated
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
	e.stateProblem = nil // a missing one is none: an installation without a controller has no state
	value, there := o.Values[e.Name]
	switch {
	case o.Unreadable[e.Name] != "":
		e.stateProblem = errors.New(o.Unreadable[e.Name])
	case there && value != e.stateValue:
		if err := e.acceptState(value); err != nil {
			e.stateProblem = fmt.Errorf("endpoint %q: %w", e.Name, err)
		}
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
	case o.Unreadable[e.Name] != "":
		e.switchProblem = errors.New(o.Unreadable[e.Name])
	case o.Problem != "":
		e.switchProblem = errors.New(o.Problem)
	case o.Known:
		e.switchProblem = fmt.Errorf("endpoint %q: the switch has no such key: write one of its words", e.Name)
	}
	if e.origin == bySwitch || e.origin == outdated {
		return
	}
	if e.state.LastSwitch != "" && e.accept(e.state.LastSwitch, byRecord) == nil {
		return
	}
	if e.origin == undecided && o.Known && state.Known {
		e.origin = byDefault
	}
}

// decided says that a person or the controller has chosen where the endpoint leads.
func (e *endpoint) decided() bool { return e.origin == byRecord || e.origin == bySwitch }

// current says that the answer is what the switch in force says.
func (e *endpoint) current() bool { return e.answer != nil && e.kept == nil && !e.restored }

// keepsDecided says that an earlier answer is kept, and that somebody has decided.
func (e *endpoint) keepsDecided() bool {
	return e.answer != nil && e.kept != nil && (e.decided() || e.origin == outdated)
}

// entries are the answer's lines in the hosts file.
func (e *endpoint) entries() []nodehosts.Entry {
	var all []nodehosts.Entry
	for _, a := range e.answer.Addrs {
		all = append(all, nodehosts.Entry{Addr: a, Name: e.Name})
	}
	return all
}

// decide brings the answer up to date, or keeps it and remembers why. Without a
// decision and an earlier answer, DNS follows PrivateZone from assume on.
func (e *endpoint) decide(learnt zone.State, node string, assume bool, now func() time.Time) {
	e.kept = nil
	switch {
	case e.origin == undecided && !assume:
		return
	case e.origin == outdated:
		e.kept = fmt.Errorf("endpoint %q: the switch that was accepted last is not valid in this configuration: write one of %s",
			e.Name, strings.Join(e.Words(), ", "))
		if e.answer != nil || !assume {
			return
		}
	}
	answer, err := e.Answer(e.sw, learnt, node)
	if err != nil {
		e.kept = errors.Join(e.kept, err)
		return
	}
	e.restored = false
	if e.answer == nil || !answer.Equal(*e.answer) {
		e.answer, e.serial = &answer, max(e.serial+1, uint32(now().Unix()))
	}
}

// problems say what stands there and is not in force, and why; never nil.
func (e *endpoint) problems() []string {
	all := []string{}
	for _, err := range []error{e.switchProblem, e.stateProblem, e.kept} {
		if err != nil {
			all = append(all, err.Error())
		}
	}
	return all
}

func (e *endpoint) ready() error {
	switch {
	case e.origin == undecided:
		return fmt.Errorf("endpoint %q: neither switch nor state could be read yet", e.Name)
	case e.origin == outdated, e.answer == nil:
		return e.kept
	}
	return nil
}
