package automatic

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const (
	// statusPause is between two changes of an endpoint's status.
	statusPause = 2 * time.Second
	// statusEvery is how old the time in it may become.
	statusEvery = 5 * time.Minute
	// statusAgain is when one that couldn't be written is tried again.
	statusAgain = 10 * time.Second
)

// Old is the age of a status from which nobody looks after it any more.
const Old = 2*statusEvery + time.Minute

// A Status is what is told of the last decision for one endpoint. The controller keeps it
// as JSON under the endpoint's name in the ConfigMap registry-failover-status:
//
//	{"version":1,"automatic":{"mode":"Automatic","action":"hold still","hold":"NotReady","why":"…","ill":true,"since":"2026-11-24T02:00:00Z","at":"2026-11-24T02:03:00Z","movesToday":1}}
//
// No resolver reads it.
type Status struct {
	Mode   config.FailoverMode `json:"mode"`
	Action failover.Action     `json:"action"`
	// Hold is why it holds still, or why a time was extended; else empty.
	Hold failover.Hold `json:"hold"`
	// Why says it to people, in one line, as of At.
	Why string `json:"why"`
	// Ill says that where the endpoint leads is seen to be ill.
	Ill bool `json:"ill"`
	// Since is when mode, action, hold and ill became so.
	Since time.Time `json:"since"`
	At    time.Time `json:"at"`
	// MovesToday is how often automatic mode has thrown the switch within 24 hours.
	MovesToday int `json:"movesToday"`
}

// differs tells whether there is more news than that times and counts of voices go by.
func (s Status) differs(other Status) bool {
	s.Why, s.Since, s.At = other.Why, other.Since, other.At
	return s != other
}

// A report is what is known of an endpoint's status.
type report struct {
	status   Status
	recalled bool
	written  Status
	wroteAt  time.Time
}

// show brings the status up to date, and publishes it where that is due.
func (e *endpoint) show(ctx context.Context, d failover.Decision) error {
	r := &e.report
	if !r.recalled {
		stands, err := e.read(ctx, inputs.StatusName)
		if err != nil {
			return err
		}
		var was struct{ Automatic Status }
		if json.Unmarshal([]byte(stands.Text), &was) == nil { // else it tells nothing
			r.status = was.Automatic
		}
		r.recalled = true
	}
	now := e.in.Now.UTC().Truncate(time.Second)
	s := Status{Mode: e.in.Rules.Mode, Action: d.Action, Hold: d.Hold, Why: d.Why, Ill: d.Ill, Since: now, At: now, MovesToday: len(d.Next.Moves)}
	same := s
	same.MovesToday = r.status.MovesToday
	if !same.differs(r.status) {
		s.Since = r.status.Since
	}
	r.status = s
	wait := statusEvery
	if s.differs(r.written) {
		wait = statusPause
	}
	if e.in.Now.Sub(r.wroteAt) < wait {
		return nil
	}
	wrote, err := e.putStatus(ctx, "automatic", s)
	if wrote {
		r.written, r.wroteAt = s, e.in.Now
	}
	return err
}

// putStatus writes a part of the endpoint's status, and tells whether it did. Where it
// can't be written no part of it is tried again at once.
func (e *endpoint) putStatus(ctx context.Context, part string, content any) (bool, error) {
	if e.in.Now.Sub(e.unwritten) < statusAgain {
		return false, nil
	}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := published.PutStatus(within, e.Store, e.name, part, content)
	if errors.Is(err, published.ErrMeanwhile) { // the next step writes it
		return false, nil
	}
	if err != nil {
		e.unwritten = e.in.Now
	}
	return err == nil, err
}
