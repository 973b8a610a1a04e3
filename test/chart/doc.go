// Package chart holds what the Helm chart promises: it renders it with the real
// helm, and compares what comes out with the code that it is for. Policies are
// evaluated as the API server does it, with cel-go.
//
// HELM names another helm than the pinned one of tools/helm4. On a real API
// server the policies are tried by test/e2e.
package chart
