package automatic

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
)

// An endpoint is what a Controller keeps of one between steps.
type endpoint struct {
	*Controller
	name string
	// in is what the step goes by.
	in failover.Input

	memory
	// given is what was written last, while it isn't known whether it got through.
	given *attempt
	// looked is when the switch was read last, and seen what stood there.
	looked time.Time
	seen   published.Value
	// told is the value of the switch that was told of last.
	told string
	// patient is until when nothing is written, because the API server has refused it, and
	// refusal what it said.
	patient time.Time
	refusal string
	report  report
	zone    zoneReport
	// unwritten is when a part of the status couldn't be written last.
	unwritten time.Time
	// holding is the reason to hold still that was told of last, while it lasts, and heldAt
	// when an Event has told of each.
	holding failover.Hold
	heldAt  map[failover.Hold]time.Time
	said    string // the last error in the log
}

// An attempt is a decision that was written under the condition that the switch was at a version.
type attempt struct {
	failover.Decision
	version string
}

// step decides by what the watch has shown. Where anything follows from that, it decides
// again by what stands, and carries that out.
func (e *endpoint) step(ctx context.Context) {
	var err error
	if e.in.Now.Sub(e.looked) < doubtEvery && strings.TrimSpace(e.in.Switch) == strings.TrimSpace(e.seen.Text) {
		e.in.Version = e.seen.Version() // else a value in doubt would be looked for at each step
	}
	d := failover.Decide(e.in, e.state)
	decided := d
	if d.Action != failover.HoldStill || e.given != nil || !reflect.DeepEqual(d.Next, e.stored) {
		d, err = e.carryOut(ctx)
	}
	if err == nil {
		e.tell(ctx, d)
	}
	e.failed(ctx, decided, err)
}

// failed tells why a decision isn't carried out. An API server that is silent takes no status either.
func (e *endpoint) failed(ctx context.Context, d failover.Decision, err error) {
	if isRefused(err) && !errors.Is(err, published.ErrMeanwhile) {
		e.tell(ctx, d.NotWritten(err.Error()))
	}
	e.warn(ctx, err)
}

// carryOut does what a decision by what stands asks for, in the order that keeps
// anything from being thrown that nobody remembers.
func (e *endpoint) carryOut(ctx context.Context) (failover.Decision, error) {
	stands, err := e.read(ctx, inputs.SwitchName)
	if err != nil {
		return failover.Decision{}, err
	}
	e.looked, e.seen = e.in.Now, stands
	e.in.Switch, e.in.Version = stands.Text, stands.Version()
	if err := e.lookAround(ctx, stands); err != nil {
		return failover.Decision{}, err
	}
	before := e.state
	d := failover.Decide(e.in, before)
	writes := d.Action != failover.HoldStill
	if writes && e.in.Now.Before(e.patient) {
		return d.NotWritten(e.refusal), nil
	}
	if err := e.save(ctx, d.Next); err != nil {
		return d, err
	}
	e.landed(stands, before)
	if !writes {
		return d, nil
	}
	e.given = &attempt{d, stands.Version()}
	err = e.write(ctx, inputs.SwitchName, stands, d.Value)
	switch {
	case err == nil:
		e.given = nil
		e.moved(d)
		e.overtakes(stands.Version())
	case isRefused(err):
		return d, e.refused(ctx, d, err)
	default: // the next step sees what has become of it
		err = fmt.Errorf("whether the switch was written isn't known: %w", err)
	}
	return d, err
}

// landed tells of a value that was in doubt, or that a leader before this one has given
// out, and that stands.
func (e *endpoint) landed(stands published.Value, before failover.State) {
	value := strings.TrimSpace(stands.Text)
	given := e.given
	e.given = nil
	if p := before.Pending; p != nil && p.Value == value && (given == nil || given.Value != value) {
		given = &attempt{failover.Decision{Action: failover.Move, Value: value}, p.Version}
	}
	if given != nil && given.Value == value {
		e.moved(given.Decision)
		e.overtakes(given.version)
	}
}

// lookAround is for a value in doubt, where somebody has written since: whether that was
// another endpoint's, which then has got through instead of this one.
func (e *endpoint) lookAround(ctx context.Context, stands published.Value) error {
	p := e.state.Pending
	if p == nil || p.Version == stands.Version() || p.Value == strings.TrimSpace(stands.Text) {
		return nil
	}
	for _, other := range e.endpoints {
		value, version := other.inDoubt()
		if other == e || value == "" || version != p.Version {
			continue
		}
		theirs, err := other.read(ctx, inputs.SwitchName)
		if err != nil {
			return err
		}
		if strings.TrimSpace(theirs.Text) != value {
			continue
		}
		// Another leader may have written the same words later, after it has remembered that.
		if err := other.unchanged(ctx); err != nil {
			return err
		}
		other.overtakes(version)
	}
	return nil
}

// inDoubt is the value of which it isn't known whether it got through, and the version under
// whose condition it was written; empty where there is none.
func (e *endpoint) inDoubt() (value, version string) {
	if e.given != nil {
		return e.given.Value, e.given.version
	}
	if p := e.state.Pending; p != nil {
		return p.Value, p.Version
	}
	return "", ""
}

// overtakes tells all other endpoints that the switch has taken this one's write at a version.
func (e *endpoint) overtakes(version string) {
	for _, other := range e.endpoints {
		if other != e {
			other.state = other.state.Overtaken(version)
		}
	}
}

// refused is for a write that has certainly changed nothing, unless it was tried twice
// on the way and the first attempt has stood in the way of the second.
func (e *endpoint) refused(ctx context.Context, d failover.Decision, refusal error) error {
	stands, err := e.read(ctx, inputs.SwitchName)
	if err != nil || strings.TrimSpace(stands.Text) == d.Value {
		return err // it is in doubt
	}
	e.given = nil
	e.state = e.state.Refused() // also where it can't be stored now: the next step does that
	err = e.save(ctx, e.state)
	if errors.Is(refusal, published.ErrMeanwhile) {
		return err // the next step decides anew
	}
	refusal = fmt.Errorf("the switch may not be written: %w", refusal)
	e.patient, e.refusal = time.Now().Add(refusedFor), refusal.Error()
	return refusal
}

// isRefused says that an error is the API server's word that nothing was written.
func isRefused(err error) bool {
	if errors.Is(err, published.ErrMeanwhile) {
		return true
	}
	status, told := errors.AsType[*apierrors.StatusError](err)
	return told && status.ErrStatus.Code >= 400 && status.ErrStatus.Code < 500
}

func (e *endpoint) read(ctx context.Context, object string) (published.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return e.Store.Read(ctx, object, e.name)
}

func (e *endpoint) write(ctx context.Context, object string, read published.Value, text string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return e.Store.Write(ctx, object, e.name, read, text)
}

// warn logs an error that isn't the last one.
func (e *endpoint) warn(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil || errors.Is(err, published.ErrMeanwhile):
	case err == nil:
		if !e.in.Now.Before(e.patient) { // else it is silent because it waits
			e.said = ""
		}
	case e.said != err.Error():
		e.said = err.Error()
		e.Log.Warn("automatic mode can't go on: the switch stays as it is", "endpoint", e.name, "error", err)
	}
}
