// Package stuckpods looks after the pods that wait for an image of a shared endpoint
// while the switch is thrown: kubelet's back-off has grown with the failures before it,
// to five minutes, and a pull in flight goes on with the connection that it has.
//
// [Find] says what a pod waits for, and [Judge] whether it is one to make anew; both are
// pure. A [Watcher] counts and lists such pods while the controller leads, names the nodes
// on which pods wait for a pull since before the switch, and with
// failover.recreateStuckPods deletes, slowly, the pods that their controllers replace.
//
// docs/stuckpods.md has the decision table, which is also the test.
package stuckpods
