package switchkeeper

import (
	"fmt"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Object is a ConfigMap as it was read.
type Object struct {
	Exists bool
	// Values are by endpoint name. One that is no text is there, and empty.
	Values map[string]string
}

// Input is all that a decision is made of.
type Input struct {
	Endpoints []zone.Endpoint
	Switch    Object
	State     Object
	// Seen holds the newest valid value that the watch showed, by endpoint name.
	Seen map[string]Seen
	// Uninstalling says that nothing may be created or brought back.
	Uninstalling bool
	// Writes are who wrote the keys of Switch, by endpoint name, as far as that is known.
	Writes map[string]rollout.Writer
	// Now is when all this was read. It may be zero where nobody knows the time: then none is recorded.
	Now time.Time
}

// Seen is a valid value that the watch showed.
type Seen struct {
	// Value has no surrounding white space.
	Value string
	// Recorded says that the record held it afterwards: where the record holds
	// another now, that is the newer one, of which the watch has shown nothing.
	Recorded bool
}

// Plan is what to write, and what to tell. The zero value does nothing.
type Plan struct {
	// CreateSwitch and CreateState say that the ConfigMap is missing and is to be
	// created, the switch also where no key can be written: so that it can be patched.
	CreateSwitch, CreateState bool
	// Switch are keys to add to the switch. None of them stands there.
	Switch map[string]string
	// Restored says which keys of Switch are values from before.
	Restored map[string]bool
	// State are keys to write into the state.
	State map[string]string
	// Problems says of each endpoint what is wrong, in one sentence.
	Problems map[string]Problem
	// InForce is what nodes go by, as far as it is known.
	InForce map[string]Force
	// Changes are those that State records: each is recorded once, whichever replica leads.
	Changes map[string]Change
}

// Problem is what is wrong with one endpoint; both may be nil.
type Problem struct {
	// Switch says why the value that stands there isn't valid, or why none can be written.
	Switch error
	// State says why the record can't be read or written.
	State error
}

// Decide says what to do. It gives the same plan for the same input, and an
// empty one for what a plan has led to.
func Decide(in Input) Plan {
	p := Plan{
		Switch: map[string]string{}, Restored: map[string]bool{},
		State: map[string]string{}, Problems: map[string]Problem{},
		InForce: map[string]Force{}, Changes: map[string]Change{},
	}
	for _, e := range in.Endpoints {
		p.decide(e, in)
	}
	if in.Uninstalling {
		recorded := Plan{Problems: p.Problems, InForce: p.InForce}
		if in.State.Exists {
			recorded.State, recorded.Changes = p.State, p.Changes
		}
		return recorded
	}
	p.CreateSwitch = !in.Switch.Exists
	p.CreateState = !in.State.Exists && len(p.State) > 0
	return p
}

func (p *Plan) decide(e zone.Endpoint, in Input) {
	written, stands := in.Switch.Values[e.Name]
	var problem Problem
	var last record
	text, recorded := in.State.Values[e.Name]
	if recorded {
		last, problem.State = readRecord(text)
	}
	var accepted string
	if seen := in.Seen[e.Name]; !seen.Recorded || last.lastSwitch == "" {
		accepted = seen.Value
	}
	if stands {
		if _, problem.Switch = e.ParseSwitch(written); problem.Switch == nil {
			accepted = strings.TrimSpace(written)
		}
	}
	force, before := in.force(e, last, accepted)
	if force.Value != "" {
		p.InForce[e.Name] = force
	}
	if accepted != "" && (accepted != last.lastSwitch || last.damaged) && !last.foreign {
		text, err := last.with(accepted, force.Since)
		if err != nil {
			problem.State = err
		} else {
			p.State[e.Name] = text
			if last.lastSwitch != "" && force.Value != before.Value && force.Value != "" {
				p.Changes[e.Name] = Change{Before: before, After: force, By: in.by(e.Name, force)}
			}
		}
	}
	if stands && accepted == "" && !recorded {
		p.State[e.Name] = blank // privatezone applies, and what PrivateZone holds can only be published in a record that is there
	}

	if !stands {
		value := accepted
		if value == "" {
			value = last.lastSwitch
		}
		switch {
		case value != "":
			if _, err := e.ParseSwitch(value); err != nil {
				problem.Switch = fmt.Errorf("the switch is missing, and its last value is not valid any more: write the switch, and nodes stay where they are until then: %w", err)
				break
			}
			p.Switch[e.Name], p.Restored[e.Name] = value, true
		case problem.State != nil:
			problem.Switch = fmt.Errorf("endpoint %q: the switch is missing, and its last value can't be known: write one of %s, and nodes stay where they are until then",
				e.Name, strings.Join(e.Words(), ", "))
		default:
			p.Switch[e.Name] = zone.PrivateZone
		}
	}
	if problem != (Problem{}) {
		p.Problems[e.Name] = problem
	}
}
