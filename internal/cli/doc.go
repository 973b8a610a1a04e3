// Package cli is the kubectl plugin `kubectl registry-failover`. Each verb has
// a file of its own; [Run] is the whole program but for the process around it.
//
// Data goes to stdout and is written only when it is complete; everything else
// that people should know goes to stderr, one sentence a line.
//
// What all verbs have in common hangs on what they all go through, and no verb
// does anything for it: colours on the one writer of output (colour.go), the
// name of a right that is missing on the connection to the API server (rights.go),
// completion of live names on the tree of commands, by the names of flags
// (livenames.go). A verb calls addOutput for -o, and clusterFlags where it asks a
// cluster; tree_test.go holds it to that, to docs/plugin.md and to a script.
package cli
