// Package saferules has the rules that stand between a person and the switch: what must
// hold before `kubectl registry-failover failover` or `failback` throws it.
//
// A rule is data: a name, what must hold, and what to do where it doesn't. [Judge] is a
// pure function from [Facts] to one [Verdict] for each rule. What nobody knows doesn't
// hold: whoever knows better overrides the rule by its name, and the name goes into the
// reason that stands in the switch.
//
// docs/failover.md has a section for each rule, and a decision table that is the test.
package saferules
