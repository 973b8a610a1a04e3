// Package stragglers finds the pods of a cluster that still name a source host:
// admitted while the webhook was away, older than the installation, or left
// alone on purpose. The controller counts them, and `kubectl registry-failover
// explain --cluster` lists them by owner; what becomes of an image is told by
// internal/podimages, as in the webhook.
//
// Pods and nodes are listed in pages, and nothing of a page is kept but what
// names a source host: the memory grows with the number of such images, not with
// that of pods and nodes.
package stragglers
