// Package resolver turns what is configured, switched and learnt into what is
// served: it is what the program resolver does between its edges.
//
// A [Core] takes in configurations, switch and state, and what DNS gave, one
// after the other, remembers the last good of each, and tells what to serve
// now: zones for internal/dnsserver and a block for internal/nodehosts. It has
// no sockets, files or goroutines. [Run] connects it to them.
package resolver
