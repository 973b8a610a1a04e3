package failover

import (
	"time"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Input is what is known at one moment of one shared endpoint.
type Input struct {
	Now      time.Time
	Endpoint zone.Endpoint
	// Primary is the instance that the cluster normally pulls from.
	Primary string
	Rules   config.Failover
	Probes  config.Health

	// Switch is the value as it stands; empty where it can't be read.
	Switch string
	// Version changes whenever somebody writes the switch, such as its
	// resourceVersion. Where there is none, a write in doubt counts as done.
	Version string

	// ZoneKnown says that what PrivateZone gives here was read lately. A cloud API
	// or DNS that is silent makes it false, and nothing else.
	ZoneKnown bool
	// ZoneTarget is what PrivateZone gives; its zero value is none of the instances.
	// Where writeBack has edited the record, it is the original, to which a return leads.
	ZoneTarget zone.Target

	// VantagePoints is how many there should be, the silent ones included.
	VantagePoints int
	// Health is by instance and network, as far as it is probed.
	Health map[zone.Target]Health
	// Ready is the share of this cluster's images that an instance has, 0 to 1, by
	// its name; one that isn't in it is not known.
	Ready map[string]float64
	// Learnt is what answers are computed of; for targets by the public network it
	// needs Hosts.
	Learnt zone.State
}

// Level is what vantage points see of an instance over a network, after as many
// probes in a row as the configuration asks for.
type Level string

const (
	Healthy Level = "healthy"
	Failing Level = "failing"
	// Slow is an answer that takes longer than the configuration allows.
	Slow Level = "slow"
	// Wrong is another instance's answer, or none of ours.
	Wrong Level = "wrong"
)

// Health is what the vantage points see together. Only fresh ones count: those
// whose last report isn't too old. The zero value is of what nobody has looked at.
type Health struct {
	Level Level
	// For counts those that see Healthy, where that is the level, or else those that
	// see any of the other levels; Against counts those on the other side.
	For, Against int
	// Unnamed is how many of For see it Healthy though its answer names no instance, so
	// that it may be any other's. Such an instance is left alone, and never moved to.
	Unnamed int
	// Since is when the level began, also before a restart of whoever counts; its zero
	// value is long ago.
	Since time.Time
}

// Quorum is how many of n vantage points must agree: two thirds, rounded up. A zone
// of three may be lost with all of its vantage points, and a bare majority, which
// the next report could turn, moves nothing.
func Quorum(n int) int { return (2*n + 2) / 3 }

// quorum is of all vantage points there should be; when one is replaced there may be more.
func (in Input) quorum(h Health) int { return Quorum(max(in.VantagePoints, h.For+h.Against)) }

// dwell is the configured one, and never shorter than the probes need to see a
// change and its end: what is decided sooner is decided by what was before the switch.
func (in Input) dwell() time.Duration {
	round := time.Duration(in.Probes.Failures+in.Probes.Successes)*in.Probes.Interval.Duration + in.Probes.Timeout.Duration
	return max(in.Rules.Dwell.Duration, round)
}

// holdDowns is how many times the dwell time passes after a return to PrivateZone,
// which is when an instance that was ill gets all of the load back.
const holdDowns = 3

func (in Input) holdDown() time.Duration { return holdDowns * in.dwell() }
