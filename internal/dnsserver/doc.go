// Package dnsserver answers DNS for the shared endpoints, over UDP and TCP on
// one port.
//
// [Server.Publish] turns the answers of all endpoints into one immutable
// [Snapshot] and swaps it in; [Reply] computes what a request gets from it, and
// what is asked most is packed ahead. No query waits for anything: all that an
// answer needs, also the addresses behind a CNAME, is in the snapshot. README.md
// shows the behaviour as a table.
package dnsserver
