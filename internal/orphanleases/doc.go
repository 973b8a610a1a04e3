// Package orphanleases removes the Leases of nodes that are no more. A resolver
// reports in a Lease that has its node's name; nobody else would remove it, and
// whoever counts reports would wait for this node.
package orphanleases
