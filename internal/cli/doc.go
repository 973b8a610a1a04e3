// Package cli is the kubectl plugin `kubectl registry-failover`. Each verb has
// a file of its own; [Run] is the whole program but for the process around it.
//
// Data goes to stdout and is written only when it is complete; everything else
// that people should know goes to stderr, one sentence a line.
package cli
