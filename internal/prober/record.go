package prober

import (
	"time"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

// Thresholds are how many probes in a row change a level.
type Thresholds struct {
	// Failures make an instance bad, or bad for another reason, or unknown.
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
	// Named says that the instance has named itself.
	Named bool
	// Latency is that of the last probe that got an answer since there is this to say.
	Latency time.Duration

	last Observation
	// alike is how many in a row were healthy, bad, or told nothing; same is how many had
	// the same level and the same reason.
	alike, same int
}

// NewRecord is one that nothing is known of.
func NewRecord(now time.Time) Record {
	return Record{Level: healthreport.Unknown, Reason: "has not been probed often enough yet", Since: now}
}

// Next is the record after one more probe.
func (r Record) Next(o Observation, now time.Time, t Thresholds) Record {
	if o.Latency > 0 {
		r.Latency = o.Latency
	}
	count(&r.alike, r.last.Level != "" && like(r.last.Level, o.Level))
	count(&r.same, r.last.Level == o.Level && r.last.Reason == o.Reason)
	r.last = o
	need := t.Failures
	if o.Level == healthreport.Healthy {
		need = t.Successes
	}
	switch turned := !like(r.Level, o.Level); {
	case turned && r.alike >= need: // for whatever reasons
		return r.adopt(o, now)
	case !turned && r.same >= need:
		return r.adopt(o, now)
	}
	return r
}

// Unprobed is the record of an instance that can't be probed: that is so at once.
func (r Record) Unprobed(reason string, now time.Time) Record {
	r.alike, r.same, r.last = 0, 0, Observation{}
	return r.adopt(Observation{Level: healthreport.Unknown, Reason: reason}, now)
}

// like says that both are healthy, bad, or neither.
func like(a, b healthreport.Level) bool {
	return a.Bad() == b.Bad() && (a == healthreport.Unknown) == (b == healthreport.Unknown)
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
	r.Level, r.Reason, r.Named, r.Latency = o.Level, o.Reason, o.Named, o.Latency
	return r
}
