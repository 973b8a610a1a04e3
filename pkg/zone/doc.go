// Package zone decides what a shared endpoint resolves to.
//
// It is a pure core: values in, values out, no sockets, no files and no clock.
// An [Endpoint] comes from the configuration, a [Switch] from a person or the
// controller, a [State] from PrivateZone and DNS, and [Endpoint.Answer] puts
// the three together for one node. docs/answer.md shows its truth table, which
// is also its test.
//
// The two foreign formats that decide an answer are parsed here too: the value
// of the switch ([Endpoint.ParseSwitch]) and the published state ([ParseState]).
package zone
