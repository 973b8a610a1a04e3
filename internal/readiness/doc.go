// Package readiness looks up whether every instance of a shared endpoint has the images
// that this cluster's workloads run, or would run, so that people know before a failover
// what would start after it.
//
// The core is pure: a [Survey] collects the images out of pods and of the templates of
// workloads, a [Book] remembers what each instance has said of each and when it is to be
// asked again, and sums it up as a [Status]. Around it a [Keeper] lists the workloads in
// pages, asks the instances with the credentials that the pods have, and publishes.
//
// It asks registries only, never the cloud's API, so that it works in an incident; an
// instance that is silent is asked less and less often, and what it said before stays.
package readiness
