// Package switchkeeper keeps the switch: the ConfigMap registry-failover, which
// says where each shared endpoint leads, and the record of what was valid there
// last, lastSwitch in the ConfigMap registry-failover-state.
//
// [Decide] is a pure function of what was read and seen; [Keeper] reads, decides
// and writes. The rule above all others: a failover is never lost. So
//
//   - nothing is written over a value that stands, whether it is valid or not;
//   - a key is only written where the API server says that none stands, under the
//     condition that nobody has written meanwhile;
//   - privatezone is only written where no other value was ever known, never
//     where one can't be read.
//
// Two things are known of the switch. A read from the API server is what stands
// now. The watch shows each version, one after the other, also one that was
// gone again before it could be read: a value that somebody writes and that is
// deleted a moment later has been the nodes' answer, and is brought back.
package switchkeeper
