// Package chart holds what the Helm chart promises: it renders it with the real
// helm, and compares what comes out with the code that it is for. Policies are
// evaluated as the API server does it, with cel-go.
//
// HELM names another helm than the pinned one of tools/helm4. With
// REGISTRY_FAILOVER_KUBECONFIG the switch's policy is also tried on a real API
// server, where the chart must be installed with [switchcorpus.Config] in the
// namespace registry-failover.
//
// [switchcorpus.Config]: https://pkg.go.dev/github.com/registry-failover/registry-failover/test/switchcorpus
package chart
