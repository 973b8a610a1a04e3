// Package healthquorum makes one finding of what all probers report of an instance:
// what more than half of those say that have a fresh report.
//
// [Judge] is pure. [Collector] watches the probers' Leases while the controller leads,
// and publishes what it finds: in the ConfigMap registry-failover-status, in metrics, and
// as Events when it changes.
package healthquorum
