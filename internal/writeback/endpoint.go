package writeback

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// An endpoint is what a Writer remembers of one.
type endpoint struct {
	*Writer
	zone.Endpoint
	options config.PrivateZone

	target   string    // as it was followed last
	next     time.Time // when to read again, whatever the switch says
	failures int       // in a row
	failure  string    // as the log has it
	held     Mark
	marked   time.Time // when held was first read
	step     Step
	begun    time.Time // when step was first read
	status   Status
	written  Status
	wroteAt  time.Time
	shown    string // the last dry run in the log
}

// follow does what is due for the accepted switch.
func (e *endpoint) follow(ctx context.Context, text string) {
	st, err := zone.ParseState([]byte(text))
	var sw zone.Switch
	if err == nil && st.LastSwitch != "" {
		sw, err = e.ParseSwitch(st.LastSwitch)
	}
	if err != nil {
		return // whoever keeps the switch reports it
	}
	// The answer of everybody who is no node: a share of the nodes moves no record.
	target := sw.Target(e.Name, "")
	now := time.Now()
	if target.String() == e.target && now.Before(e.next) {
		e.report(ctx) // what couldn't be written before
		return
	}
	if target.String() != e.target {
		e.failures = 0
	}
	e.target = target.String()
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	wait, err := e.bring(within, target, st)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		wait = min(lastRetry, firstRetry<<min(e.failures, 8))
		wait = wait/2 + rand.N(wait/2)
		e.failures++
		e.status.Error = err.Error()
		if e.failure != err.Error() {
			e.failure = err.Error()
			e.Log.Warn("PrivateZone's record isn't what the switch says: nodes and pods don't depend on it", "endpoint", e.Name, "target", e.target, "error", err)
		}
	default:
		e.failures, e.failure, e.status.Error = 0, "", ""
	}
	e.next = time.Now().Add(wait)
	e.metrics.show(e.Name, e.held.Owner != "", err != nil)
	e.report(ctx)
}

// bring makes the record what the target asks for, as far as that can be done
// now, and tells when to look again.
func (e *endpoint) bring(ctx context.Context, target zone.Target, st zone.State) (time.Duration, error) {
	owner, err := e.Owner(ctx)
	if err != nil {
		return 0, err
	}
	for range mostCalls {
		read := time.Now()
		zones, err := e.Cloud.ReadZones(ctx, e.Name)
		if err != nil {
			return 0, err
		}
		in, err := e.input(zones, owner, target, st)
		if err != nil {
			return 0, err
		}
		if err := e.hold(in, read); err != nil {
			return 0, err
		}
		if e.options.DryRun {
			e.rehearse(in, st)
			return watchful, nil
		}
		step, change, err := Next(in)
		if err != nil {
			e.step = Done
			return 0, err
		}
		if step != e.step {
			e.step, e.begun = step, read
		}
		stood := settle
		switch step {
		case Writing: // nobody else's mark can come any more
			stood = read.Sub(e.marked)
		case Clearing: // nor can a call of a leader before this one, which would lose the original
			stood = read.Sub(e.begun)
		}
		switch {
		case step == Done && e.held.Owner == "" && target.FollowsPrivateZone():
			return idle, nil
		case step == Done:
			return watchful, nil
		case stood < settle:
			return settle - stood, nil
		}
		if err := e.change(ctx, read, step, change, in); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("the record doesn't become what it should be, however often it is written: somebody else is writing it")
}

// input is what is known now.
func (e *endpoint) input(zones []alibaba.Zone, owner string, target zone.Target, st zone.State) (Input, error) {
	z, err := pick(zones, e.VPC)
	if err != nil {
		return Input{}, err
	}
	in := Input{Zone: z, Owner: owner, Known: known(e.Endpoint, st), Held: e.held, Force: e.options.Force}
	if target.FollowsPrivateZone() {
		return in, nil
	}
	in.Want, err = e.Records(target, st)
	if err == nil && empty(in.Want) {
		err = errors.New("no address of the instance is known")
	}
	if err != nil {
		return Input{}, fmt.Errorf("%s: %w", target, err)
	}
	return in, nil
}

// hold remembers this cluster's mark for as long as it isn't known to be gone.
func (e *endpoint) hold(in Input, read time.Time) error {
	_, mark, err := Marked(in)
	switch {
	case err != nil: // another cluster's
		e.held = Mark{}
	case mark.Owner != "":
		if e.held.String() != mark.String() {
			e.marked = read
		}
		e.held = mark
	}
	e.status.Owner, e.status.Original = e.held.Owner, ""
	if e.held.Owner != "" {
		e.status.Original = show(e.held.Original)
	}
	return err
}

// change makes one call, unless the reading that it follows from is too old.
func (e *endpoint) change(ctx context.Context, read time.Time, step Step, change alibaba.Change, in Input) error {
	ctx, cancel := context.WithDeadline(ctx, read.Add(writeWithin))
	defer cancel()
	before := show(current(in.Zone.Records))
	if step == Marking {
		before += remarks(in.Zone.Records)
	}
	e.Log.Info("PrivateZone's record is written", "endpoint", e.Name, "zone", in.Zone.ID, "step", step, "call", change.String(), "before", before)
	err := e.Cloud.Change(ctx, change)
	e.metrics.count(step, err)
	if err == nil && step == Clearing {
		e.held = Mark{}
	}
	return err
}

// remarks are what a mark takes the place of.
func remarks(records []alibaba.Record) string {
	var texts []string
	for _, r := range records {
		if r.Remark != "" {
			texts = append(texts, fmt.Sprintf(", remark %q", r.Remark))
		}
	}
	return strings.Join(texts, "")
}
