// Package failover is the automatic decision: whether the switch of a shared
// endpoint is to be thrown, and where to.
//
// It is a pure state machine: [Decide] takes what is known now, time included, and
// what it remembers, and says what to write or why it holds still. It reads and
// writes nothing itself. What it remembers is a [State], small and serialisable, so
// that a new leader goes on where the last one ended.
//
// Whoever carries a [Decision] out keeps this order, so that nothing is thrown that
// nobody remembers:
//
//  1. store Decision.Next, where it differs from what is stored;
//  2. write Decision.Value, only if the switch is still at Input.Version;
//  3. where the answer says that nothing was written, store [State.Refused].
//
// In doubt (an answer that is lost, a leader that dies) nothing is called: the next
// step sees by value and version what has become of it.
//
// docs/automatic.md tells the rules, with a decision table that is also the test.
package failover
