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
	// text is what stood there last, and tried what may stand there since.
	text, tried string
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
// known to be stored, and nothing may be written that follows from it. Where somebody
// else has stored something, that is read at the next step.
func (e *endpoint) save(ctx context.Context, next failover.State) error {
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if string(text) != e.text || e.tried != "" {
		stands, err := e.read(ctx, inputs.AutomaticName)
		if err != nil {
			return err
		}
		if stands.Text != e.text && stands.Text != e.tried {
			e.recalled = false
			return published.ErrMeanwhile
		}
		if stands.Text != string(text) {
			e.text, e.tried = stands.Text, string(text)
			if err := e.write(ctx, inputs.AutomaticName, stands, string(text)); err != nil {
				return err
			}
		}
	}
	e.text, e.tried = string(text), ""
	e.state, e.stored = next, next
	return nil
}
