package healthquorum

import (
	"fmt"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

// What may be found beside the levels that probers report.
const (
	// Disagreement says that fewer than half of the probers say the same.
	Disagreement healthreport.Level = "disagreement"
	// Blind says that too few probers have a fresh report to say anything.
	Blind healthreport.Level = "blind"
)

// Levels are all that may be found.
func Levels() []healthreport.Level {
	return append(healthreport.Levels(), Disagreement, Blind)
}

// Minimum is how many of the wanted probers must have a fresh report: more than half.
// Where fewer do, what is wrong may be with those that are silent.
func Minimum(wanted int) int { return max(wanted, 0)/2 + 1 }

// A Finding is what the probers say together of one instance over one network.
type Finding struct {
	Level healthreport.Level `json:"level"`
	// Reason is one sentence, of one of those who say so.
	Reason string `json:"reason"`
	// Agree is how many of the fresh reports say so.
	Agree int `json:"agree"`
	// Named says that more than half of the fresh reports are of an instance that is healthy
	// and has named itself. Healthy without it may be another's: it is no target that
	// anything but a person should choose.
	Named bool `json:"named"`
	// LatencyMillis is in the middle of what those tell that got an answer; 0 where none did.
	LatencyMillis int64 `json:"latencyMillis,omitempty"`
}

// Judge finds what more than half of the fresh reports say of the key. It is blind while
// wanted is negative: of how many they are more than half isn't known then. One that
// doesn't tell of it, as of before a change of the configuration, says that it
// doesn't know. Where more than half say that the instance is bad, though for
// different reasons, it is what most of them say.
func Judge(key healthreport.Key, fresh []healthreport.Report, wanted int) Finding {
	if isBlind(len(fresh), wanted) {
		return Finding{Level: Blind, Reason: blindness(len(fresh), wanted)}
	}
	voices := map[healthreport.Level][]healthreport.Instance{}
	bad, named := 0, 0
	var latencies []int64
	for _, r := range fresh {
		i := find(r, key)
		voices[i.Level] = append(voices[i.Level], i)
		if i.Level.Bad() {
			bad++
		}
		if i.Named {
			named++
		}
		if i.LatencyMillis > 0 {
			latencies = append(latencies, i.LatencyMillis)
		}
	}
	isMajority := func(n int) bool { return 2*n > len(fresh) }
	f := Finding{Named: isMajority(named), LatencyMillis: middle(latencies)}
	for _, level := range healthreport.Levels() {
		if isMajority(len(voices[level])) {
			f.Level, f.Agree, f.Reason = level, len(voices[level]), reason(voices[level])
			return f
		}
	}
	if isMajority(bad) {
		f.Level, f.Agree = mostBad(voices), bad
		f.Reason = reason(voices[f.Level])
		return f
	}
	f.Level, f.Reason = Disagreement, counts(voices)
	return f
}

// isBlind says that too few have a fresh report, or that nobody knows how many should.
func isBlind(fresh, wanted int) bool { return wanted < 0 || fresh < Minimum(wanted) }

func blindness(fresh, wanted int) string {
	if wanted < 0 {
		return "how many probers there should be isn't known: the nodes haven't been counted yet"
	}
	return fmt.Sprintf("%d of %d probers have a fresh report, and at least %d must", fresh, wanted, Minimum(wanted))
}

// find is what a report says of the key.
func find(r healthreport.Report, key healthreport.Key) healthreport.Instance {
	for _, i := range r.Instances {
		if i.Key == key {
			return i
		}
	}
	return healthreport.Instance{Key: key, Level: healthreport.Unknown, Reason: "the prober has another configuration"}
}

// mostBad is the bad level that most say; of several the first in their order.
func mostBad(voices map[healthreport.Level][]healthreport.Instance) healthreport.Level {
	var most healthreport.Level
	for _, level := range healthreport.Levels() {
		if level.Bad() && len(voices[level]) > len(voices[most]) {
			most = level
		}
	}
	return most
}

// reason is the one that most voices give.
func reason(voices []healthreport.Instance) string {
	given := make([]string, len(voices))
	for n, v := range voices {
		given[n] = v.Reason
	}
	return mostGiven(given)
}

// mostGiven is the reason that most give; of several the first by alphabet.
func mostGiven(reasons []string) string {
	given := map[string]int{}
	for _, text := range reasons {
		given[text]++
	}
	best := ""
	for text, n := range given {
		if best == "" || n > given[best] || n == given[best] && text < best {
			best = text
		}
	}
	return best
}

// counts tells who says what.
func counts(voices map[healthreport.Level][]healthreport.Instance) string {
	text := ""
	for _, level := range healthreport.Levels() {
		if n := len(voices[level]); n > 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d say %s", n, level)
		}
	}
	return "the probers don't agree: " + text
}

// middle is the median, of two the lower one.
func middle(all []int64) int64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}

// A Status is what is told of one endpoint. The controller keeps it as JSON under the
// endpoint's name in the ConfigMap registry-failover-status:
//
//	{"version":1,"health":{"at":"2026-11-24T02:00:00Z","wanted":3,"fresh":3,"instances":[{"instance":"hangzhou","network":"internal","level":"healthy","reason":"answers as itself","agree":3,"named":true,"latencyMillis":12,"since":"2026-11-24T01:00:00Z"}],"serving":[{"instance":"zhangjiakou","nodes":2},{"instance":"","nodes":1,"reason":"can't be connected to: connection refused"}]}}
//
// No resolver reads it.
type Status struct {
	// At is when this was so, to the second.
	At time.Time `json:"at"`
	// Wanted is how many probers there should be, 0 while that isn't known; Fresh is how
	// many nodes have a fresh report.
	Wanted    int        `json:"wanted"`
	Fresh     int        `json:"fresh"`
	Instances []Instance `json:"instances"`
	// Serving is who answers under the endpoint's own name, and on how many nodes that have a
	// fresh report. It says nothing of how well an instance does.
	Serving []Serving `json:"serving,omitempty"`
}

// An Instance is what is found of one of the endpoint's, over one network.
type Instance struct {
	Instance string `json:"instance"`
	Network  string `json:"network"`
	Finding
	// Since is when the level became what it is, by the controller's clock.
	Since time.Time `json:"since"`
}
