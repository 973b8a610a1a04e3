// Package rollout tells how far a switch has reached: which nodes have applied
// it and which haven't, and which pods still have what was before.
//
// It judges what others have read: the switch, the nodes, their Leases in the
// format of internal/nodereport, and pods. [Judge] is a pure function.
package rollout
