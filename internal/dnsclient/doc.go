// Package dnsclient asks the node's own DNS servers, through which PrivateZone
// answers, and keeps names fresh in the background.
//
// A [Client] gives a name's addresses of both families or an error, never half
// of them: whoever gets an error keeps what it has. A [Refresher] calls it again
// and again, as often as the answers' TTL asks.
package dnsclient
