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

	state    string    // as it was followed last
	target   string    // that it asked for
	next     time.Time // when to read again, whatever the state says
	failures int       // in a row
	failure  string    // as the log has it
	known    []zone.Records
	zoneID   string    // where held was read
	held     Mark      // while the original isn't known to be back
	stands   time.Time // since when held is in each reading
	unsure   time.Time // of the reading before a call that may still be carried out
	status   Status
	written  Status
	wroteAt  time.Time
	shown    string // the last dry run in the log
}

// follow does what is due for the accepted switch.
func (e *endpoint) follow(ctx context.Context, text string) {
	st, err := zone.ParseState([]byte(text))
	var sw zone.Switch
	if err == nil {
		sw, err = e.ParseSwitch(st.LastSwitch)
	}
	if err != nil {
		return // none is accepted yet, or whoever keeps the switch reports it
	}
	// The answer of everybody who is no node: a share of the nodes moves no record.
	target := sw.Target(e.Name, "")
	now := time.Now()
	if text == e.state && now.Before(e.next) {
		e.report(ctx) // what couldn't be written before
		return
	}
	if text != e.state {
		e.failures = 0
	}
	e.state, e.target = text, target.String()
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	wait, err := e.bring(within, target, st)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		wait = min(lastRetry, firstRetry<<min(e.failures, 8))
		wait = max(wait/2+rand.N(wait/2), settle-time.Since(e.unsure))
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
		in.Held = e.held
		if e.options.DryRun {
			e.rehearse(in, st)
			return watchful, nil
		}
		step, change, err := Next(in)
		if err != nil {
			return 0, err
		}
		if wait := e.wait(step, read); wait > 0 {
			return wait, nil
		}
		switch {
		case step == Done && e.held.Owner == "" && target.FollowsPrivateZone():
			return idle, nil
		case step == Done:
			return watchful, nil
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
	// What was known is so still: a configuration that changes in a failover makes no hand's edit of what was written before.
	e.known = union(e.known, known(e.Endpoint, st))
	in := Input{Zone: z, Owner: owner, Known: e.known, Force: e.options.Force}
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

// hold remembers this cluster's mark for as long as the original isn't known to be back.
func (e *endpoint) hold(in Input, read time.Time) error {
	if in.Zone.ID != e.zoneID {
		e.zoneID, e.held = in.Zone.ID, Mark{}
	}
	_, mark, err := Marked(in)
	switch {
	case mark.Owner == "":
		e.stands = time.Time{}
		if err != nil || same(current(in.Zone.Records), e.held.Original) {
			e.held = Mark{}
		}
	case e.stands.IsZero() || e.held.String() != mark.String():
		e.stands, e.held = read, mark
	}
	e.marks.Store(e.Name, e.held)
	e.status.Owner, e.status.Original = e.held.Owner, ""
	if e.held.Owner != "" {
		e.status.Original = show(e.held.Original)
	}
	return err
}

// wait is how long a step must wait: until none of this cluster's calls may still be
// carried out, and for writing until no other cluster's mark may come.
func (e *endpoint) wait(step Step, read time.Time) time.Duration {
	since := e.unsure
	if step == Writing && e.stands.After(since) {
		since = e.stands
	}
	return settle - read.Sub(since)
}

// change makes one call, unless the reading that it follows from is too old.
func (e *endpoint) change(ctx context.Context, read time.Time, step Step, change alibaba.Change, in Input) error {
	ctx, cancel := context.WithDeadline(ctx, read.Add(writeWithin))
	defer cancel()
	e.Log.Info("PrivateZone's record is written", "endpoint", e.Name, "zone", in.Zone.ID, "step", step, "call", change.String(), "before", before(in.Zone.Records))
	err := e.Cloud.Change(ctx, change)
	e.metrics.count(step, err)
	if err != nil {
		e.unsure = read
	}
	return err
}

// before is all that a call may take the place of.
func before(records []alibaba.Record) string {
	texts := make([]string, len(records))
	for i, r := range records {
		texts[i] = fmt.Sprintf("%s %s %d %q", r.Type(), r.Value(), int(r.TTL/time.Second), r.Remark)
	}
	return strings.Join(texts, ", ")
}
