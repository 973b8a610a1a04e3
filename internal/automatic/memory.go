package automatic

import (
	"context"
	"encoding/json"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
)

// memory is what is remembered of one endpoint: JSON under its name in the ConfigMap
// registry-failover-automatic, as [failover.State] describes it.
type memory struct {
	// state is what the next step goes by, and stored what is known to stand.
	state, stored failover.State
	recalled      bool
	// text is what stood there last, and unsure that something else may stand there since.
	text   string
	unsure bool
}

// recall reads what a leader before this one has remembered.
func (e *endpoint) recall(ctx context.Context) error {
	if e.recalled {
		return nil
	}
	stands, err := e.read(ctx, inputs.AutomaticName)
	if err != nil {
		return err
	}
	e.memory = memory{recalled: true, text: stands.Text}
	if !stands.There {
		return nil
	}
	s, err := failover.ParseState([]byte(stands.Text))
	if err != nil {
		e.Log.Error("automatic mode begins anew: whatever stands in the switch counts as a person's, and nothing moves for a dwell time", "endpoint", e.name, "error", err)
		return nil
	}
	e.state, e.stored = s, s
	return nil
}

// save stores what is to be remembered, and goes by it then. With an error nothing is
// known to be stored, and nothing may be written that follows from it. Where something else
// stands than what was there before, also if it is what this leader has tried to
// store, it is read at the next step, which decides by it.
func (e *endpoint) save(ctx context.Context, next failover.State) error {
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if string(text) != e.text || e.unsure {
		stands, err := e.read(ctx, inputs.AutomaticName)
		switch {
		case err != nil:
			return err
		case stands.Text == string(text):
		case stands.Text != e.text:
			e.recalled = false
			return published.ErrMeanwhile
		default:
			e.unsure = true
			if err := e.write(ctx, inputs.AutomaticName, stands, string(text)); err != nil {
				return err
			}
		}
	}
	e.text, e.unsure = string(text), false
	e.state, e.stored = next, next
	return nil
}

// unchanged fails where something else stands than what was there before.
func (e *endpoint) unchanged(ctx context.Context) error {
	stands, err := e.read(ctx, inputs.AutomaticName)
	if err == nil && stands.Text != e.text {
		e.recalled = false
		return published.ErrMeanwhile
	}
	return err
}
