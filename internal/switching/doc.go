// Package switching throws the switch of one endpoint for a person, and proves that it
// has arrived: what `kubectl registry-failover failover` and `failback` do.
//
// [Steps], [Value], [Undo] and [Prove] are pure: which values are written one after the
// other, and what the nodes' and probers' reports say of one. [Cluster] reads and writes
// with the caller's own rights, and [Run] goes from one step to the next. Nothing here asks
// the controller: a failover works without it.
package switching
