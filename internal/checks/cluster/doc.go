// Package cluster checks what a kubeconfig shows of a cluster: whether policies in it
// would refuse what is rewritten, or no longer verify it, whether the
// product's own images come from where a failover has to reach, and how kubelets pull.
//
// It reads and never writes. What may not be read is told with the right that is missing.
package cluster
