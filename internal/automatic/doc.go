// Package automatic carries out what internal/failover decides: it gathers what is
// known of each shared endpoint, lets [failover.Decide] make a step, stores what is to
// be remembered, and writes the switch, in this order. The leading controller runs it,
// also in manual mode, because what people ask for with until is carried out here, too.
//
// The switch is watched, and the watch may be late. So it only says that something may
// be to do: whatever is stored or written follows from a reading of the API server, and
// is written under the condition that nothing has been written since.
//
// A write is refused, done, or in doubt. In doubt nothing is assumed: the next step sees
// by value and version what has become of it, whoever makes it. Where the same
// object has taken a write of another endpoint, under the condition of the same version,
// it is known that this one can't get through any more.
package automatic
