package cloudreader

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	// statusPause is between two changes of an endpoint's status.
	statusPause = time.Minute
	// statusInterval is how old the time of the last reading may become in it.
	statusInterval = 10 * time.Minute
	// maxFindings keeps status and log small, whatever stands in PrivateZone.
	maxFindings = 20
)

// Old is the age of a reading in the status that says that none has succeeded since.
const Old = statusInterval + 5*time.Minute

// A Status is what people want to know of one endpoint's zones. The controller
// keeps it as JSON under the endpoint's name in the ConfigMap registry-failover-status:
//
//	{"version":1,"privateZone":{"readAt":"2026-11-24T02:00:00Z","target":"hangzhou","network":"internal","findings":[{"code":"NotPrimary","text":"…"}]}}
//
// With privateZone.source VPCDNS nobody reads zones: then internal/automatic tells here
// what DNS gives, with nothing but the first three. No resolver reads it.
type Status struct {
	// ReadAt is when the zones were read completely, to the second.
	ReadAt time.Time `json:"readAt,omitzero"`
	// Target is the instance that the zone in the cluster's VPC leads to, as far as that is
	// known, and Network by which network.
	Target  string       `json:"target,omitempty"`
	Network zone.Network `json:"network,omitempty"`
	// Findings are the first of those of the last complete reading.
	Findings []Finding `json:"findings,omitempty"`
	// Error is why the last reading wasn't complete, or couldn't be published.
	Error string `json:"error,omitempty"`
}

// Part is where an endpoint's status has it.
const Part = "privateZone"

// Set takes down where the zone was found to lead.
func (s *Status) Set(t zone.Target, at time.Time) {
	s.ReadAt, s.Target, s.Network = at.UTC().Truncate(time.Second), t.Instance, t.Network
}

// differs tells whether there is more news than that time goes by.
func (s Status) differs(other Status) bool {
	return s.Target != other.Target || s.Network != other.Network || s.Error != other.Error || !slices.Equal(s.Findings, other.Findings)
}

// A Written status is one that stands there, as far as this replica knows. Its zero
// value is one that nobody knows.
type Written struct {
	Status
	At time.Time
}

// Due tells whether a status is to be written.
func (w Written) Due(s Status, now time.Time) bool {
	if w.Status.differs(s) {
		return now.Sub(w.At) >= statusPause
	}
	return now.Sub(w.At) >= statusInterval
}

// report writes an endpoint's status where it is due. That it can't be written
// keeps nothing else from being done.
func (r *Reader) report(ctx context.Context, endpoint string, change func(*Status)) {
	s := r.status[endpoint]
	err := r.recall(ctx, endpoint, &s)
	change(&s)
	r.status[endpoint] = s
	r.metrics.showReading(endpoint, s)
	now := time.Now()
	if err == nil {
		if !r.written[endpoint].Due(s, now) {
			return
		}
		err = r.writeStatus(ctx, endpoint, s)
	}
	switch {
	case err == nil:
		r.written[endpoint] = Written{s, now}
		delete(r.failures, inputs.StatusName)
	case errors.Is(err, published.ErrMeanwhile): // the next reading writes it
	case ctx.Err() == nil && r.isNew(inputs.StatusName, err):
		r.Log.Warn("the status can't be written", "endpoint", endpoint, "error", err)
	}
}

// recall takes over what the leader before has read, where this one has read
// nothing. Before that has succeeded, no status may be written: it would lose the
// time of the last reading.
func (r *Reader) recall(ctx context.Context, endpoint string, s *Status) error {
	if r.recalled[endpoint] {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	read, err := r.Store.Read(ctx, inputs.StatusName, endpoint)
	if err != nil {
		return err
	}
	var stands struct{ PrivateZone Status }
	if read.There && s.ReadAt.IsZero() && json.Unmarshal([]byte(read.Text), &stands) == nil { // else it tells nothing
		*s = stands.PrivateZone
	}
	r.recalled[endpoint] = true
	return nil
}

// writeStatus puts this part beside what stands there.
func (r *Reader) writeStatus(ctx context.Context, endpoint string, s Status) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return published.PutStatus(ctx, r.Store, endpoint, Part, s)
}
