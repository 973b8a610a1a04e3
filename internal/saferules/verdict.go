package saferules

import "slices"

// An Outcome is what became of a rule.
type Outcome string

const (
	// Pass: it holds.
	Pass Outcome = "pass"
	// Fail: it doesn't hold.
	Fail Outcome = "fail"
	// NobodyKnows: it can't be judged, which counts as if it didn't hold.
	NobodyKnows Outcome = "nobody knows"
	// Skipped: it isn't asked here. It stands in nobody's way.
	Skipped Outcome = "skipped"
)

// A Verdict is what became of one rule.
type Verdict struct {
	Rule    Name    `json:"rule"`
	Outcome Outcome `json:"outcome"`
	// Why is one sentence with what was seen.
	Why string `json:"why"`
	// Remedy is empty where the rule holds or isn't asked.
	Remedy string `json:"remedy"`
	// Overridden says that a person has named the rule, and that it would stop them otherwise.
	Overridden bool `json:"overridden"`
}

// Stops tells whether the switch must not be thrown.
func (v Verdict) Stops() bool {
	return (v.Outcome == Fail || v.Outcome == NobodyKnows) && !v.Overridden
}

// Judge gives a verdict for each rule that is asked, in the order of [Rules]. An answer
// that would be empty can't be overridden: nodes would keep what they have.
func Judge(f Facts, overrides []Name) []Verdict {
	verdicts := []Verdict{}
	for _, r := range Rules() {
		if r.Failback && !f.failback() || r.Name == ZoneTarget && !f.Target.FollowsPrivateZone() {
			continue
		}
		v := Verdict{Rule: r.Name}
		v.Outcome, v.Why = r.judge(f)
		if v.Stops() {
			v.Remedy = r.Remedy
			never := r.Name == HasAnswer && v.Outcome == Fail
			v.Overridden = slices.Contains(overrides, r.Name) && !never
			if never {
				v.Remedy += "; this rule can't be overridden"
			}
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// Overridden are the rules that a person has overridden, of those that would have stopped them.
func Overridden(verdicts []Verdict) []Name {
	var names []Name
	for _, v := range verdicts {
		if v.Overridden {
			names = append(names, v.Rule)
		}
	}
	return names
}

// Stopping are the rules that must hold first.
func Stopping(verdicts []Verdict) []Name {
	var names []Name
	for _, v := range verdicts {
		if v.Stops() {
			names = append(names, v.Rule)
		}
	}
	return names
}
