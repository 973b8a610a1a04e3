package automatic

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/inputs"
)

// The reasons of Events.
const (
	switched = "SwitchedAutomatically"
	ended    = "UntilEnded"
	extended = "UntilExtended"
	holds    = "AutomaticHolds"
)

// sayAgain is how soon an Event tells again of the same reason to hold still: where votes
// hang in the balance it may come and go each second.
const sayAgain = 10 * time.Minute

// moved tells of a value that has got through.
func (e *endpoint) moved(d failover.Decision) {
	if e.told == d.Value {
		return
	}
	e.told = d.Value
	sw, err := e.in.Endpoint.ParseSwitch(d.Value)
	if err != nil { // it was decided by another configuration
		return
	}
	switch d.Action {
	case failover.Move:
		why := strings.TrimSpace(sw.Reason)
		e.metrics.moves.WithLabelValues(e.name, sw.To.String()).Inc()
		e.Log.Warn("the switch is thrown automatically", "endpoint", e.name, "to", sw.To.String(), "why", why)
		e.event(corev1.EventTypeWarning, switched, "Switch to "+sw.To.String(), "to "+sw.To.String()+": "+why)
	case failover.Return:
		e.Log.Info("the time of the switch is over", "endpoint", e.name, "to", sw.To.String(), "why", d.Why)
		e.event(corev1.EventTypeNormal, ended, "Return to "+sw.To.String(), "to "+sw.To.String()+": "+d.Why)
	case failover.Extend:
		e.metrics.extensions.WithLabelValues(e.name).Inc()
		e.Log.Warn("the time of the switch is over and is extended", "endpoint", e.name, "hold", d.Hold, "until", sw.Until, "why", d.Why)
		e.event(corev1.EventTypeWarning, extended, "Extend to "+sw.Until.UTC().Format(time.RFC3339), d.Why)
	}
}

// tell publishes a decision, and says why nothing is done about an instance that is ill.
func (e *endpoint) tell(ctx context.Context, d failover.Decision) {
	e.metrics.hold(e.name, d.Hold)
	if d.Action == failover.HoldStill {
		e.sayHold(d)
	}
	if err := e.show(ctx, d); err != nil && ctx.Err() == nil {
		e.Log.Debug("the status can't be written", "endpoint", e.name, "error", err)
	}
}

// sayHold is told once, when it begins. In manual mode nobody waits for it to do anything.
func (e *endpoint) sayHold(d failover.Decision) {
	silent := !d.Ill || d.Hold == failover.ManualMode
	if was := e.holding; silent || d.Hold == was {
		if silent {
			e.holding = ""
		}
		return
	}
	e.holding = d.Hold
	if at, said := e.heldAt[d.Hold]; said && e.in.Now.Sub(at) < sayAgain {
		return
	}
	if e.heldAt == nil {
		e.heldAt = map[failover.Hold]time.Time{}
	}
	e.heldAt[d.Hold] = e.in.Now
	e.Log.Warn("an instance is ill, and automatic mode holds still", "endpoint", e.name, "hold", d.Hold, "why", d.Why)
	e.event(corev1.EventTypeWarning, holds, "Hold "+string(d.Hold), string(d.Hold)+": "+d.Why)
}

// event is about the endpoint's switch. Events that differ in their note alone are counted
// as one, with the first note, so the action names what else is different.
func (e *endpoint) event(kind, reason, action, note string) {
	about := &corev1.ObjectReference{
		APIVersion: "v1", Kind: "ConfigMap", Namespace: e.Namespace, Name: inputs.SwitchName, FieldPath: "data[" + e.name + "]",
	}
	e.Events.Eventf(about, nil, kind, reason, action, "%s", clip(e.name+": "+note))
}

// clip keeps to the 1024 bytes that an Event's note may have.
func clip(sentence string) string {
	const most = 1024
	if len(sentence) <= most {
		return sentence
	}
	return strings.ToValidUTF8(sentence[:most-len("…")], "") + "…"
}
