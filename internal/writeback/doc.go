// Package writeback makes PrivateZone's record of a shared endpoint what the
// manual procedure would make it: at a switch, the records at @ in the zone bound to
// the cluster's VPC lead to the target, and when the switch follows PrivateZone
// again, the original returns.
//
// [Next] is the whole decision: records in, the next call out. A name always keeps
// one enabled record, because one record, the one with the [Mark], is only ever
// updated in place. The mark holds the original and who has written, and is set
// before anything else is.
//
// A [Writer] carries this out, one call at a time, each after a new reading. No
// switch waits for it.
//
// The API has no compare-and-set, and a call whose answer is lost may still be
// carried out. So time keeps callers apart, as in Fischer's algorithm: a call ends
// within [writeWithin] of the reading that it follows from, and [settle], which is
// longer, is waited for after a call without an answer and after a change of the leader,
// and before the first writing beside a mark, by when no other cluster's can come.
package writeback
