// Package nodecount counts the nodes that have applied the switch, for a metric.
//
// What counts is for internal/rollout to say, as it does for the plugin. A [Counter] is
// fed by watches that are there anyway. It counts when it is asked, and anew only when
// something has changed that counts: 2,000 renewed Leases are no change.
package nodecount
