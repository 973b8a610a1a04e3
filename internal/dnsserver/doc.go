// Package dnsserver answers DNS for the shared endpoints, over UDP and TCP on
// one port.
//
// [Server.Publish] turns the answers of all endpoints into one immutable
// [Snapshot] and swaps it in; [Reply] computes what a request gets from it, and
// what is asked most is packed ahead. No query for an endpoint waits for anything:
// all that its answer needs, also the addresses behind a CNAME, is in the snapshot.
// A name below an endpoint is for others to say, who are asked in the background
// and within bounds. README.md shows the behaviour as a table.
package dnsserver
