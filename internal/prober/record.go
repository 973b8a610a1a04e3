package prober

import (
	"time"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

// Thresholds are how many probes in a row change a level.
type Thresholds struct {
	// Failures make an instance bad, or bad for another reason.
	Failures int
	// Successes make it healthy, or healthy with another note.
	Successes int
}

// A Record is what the probes of one instance over one network have come to. Its
// zero value has seen none.
type Record struct {
	Level  healthreport.Level
	Reason string
	Since  time.Time
	// Latency is that of the last probe that got an answer.
	Latency time.Duration

	last Observation
	// alike is how many in a row were healthy, or weren't; same is how many had the
	// same level and the same reason.
	alike, same int
}

// NewRecord is one that nothing is known of.
func NewRecord(now time.Time) Record {
	return Record{Level: healthreport.Unknown, Reason: "has not been probed often enough yet", Since: now}
}

// Next is the record after one more probe.
func (r Record) Next(o Observation, now time.Time, t Thresholds) Record {
	if o.Level == healthreport.Unknown { // it couldn't be probed
		r.alike, r.same, r.last = 0, 0, o
		return r.adopt(o, now)
	}
	if o.Latency > 0 {
		r.Latency = o.Latency
	}
	count(&r.alike, r.last.Level != "" && r.last.Level.Bad() == o.Level.Bad())
	count(&r.same, r.last.Level == o.Level && r.last.Reason == o.Reason)
	r.last = o
	need := t.Successes
	if o.Level.Bad() {
		need = t.Failures
	}
	switch turned := r.Level == healthreport.Unknown || r.Level.Bad() != o.Level.Bad(); {
	case turned && r.alike >= need: // for whatever reasons
		return r.adopt(o, now)
	case !turned && r.same >= need:
		return r.adopt(o, now)
	}
	return r
}

// count goes on with a row, or begins a new one.
func count(row *int, goesOn bool) {
	if goesOn && *row > 0 {
		*row++
		return
	}
	*row = 1
}

// adopt takes the observation for what there is to say. Another reason alone doesn't
// begin a level anew.
func (r Record) adopt(o Observation, now time.Time) Record {
	if r.Level != o.Level {
		r.Since = now
	}
	r.Level, r.Reason = o.Level, o.Reason
	if o.Level == healthreport.Unreachable || o.Level == healthreport.Unknown {
		r.Latency = 0
	}
	return r
}
