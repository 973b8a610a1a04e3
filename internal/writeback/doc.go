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
// The API has no compare-and-set. Two clusters that mark a record at once are kept
// apart as by Fischer's algorithm: a call is made within [writeWithin] of the reading
// that it follows from, and a mark counts when it has stood for longer, [settle].
package writeback
