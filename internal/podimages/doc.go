// Package podimages finds the image references of a pod and decides what
// becomes of each. The webhook and `kubectl registry-failover explain` share
// it, so that both always say the same.
//
// These fields name images:
//
//	spec.initContainers[*].image
//	spec.containers[*].image
//	spec.ephemeralContainers[*].image
//	spec.volumes[*].image.reference
package podimages
