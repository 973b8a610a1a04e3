package e2e

import (
	"context"
	"testing"
	"time"
)

// haveNodes gives the test a cluster of so many nodes, and takes away afterwards
// those that it had to start. It comes first in a test: a scenario begins with
// what there is.
func haveNodes(t *testing.T, count int) {
	t.Helper()
	here := len(node.Nodes)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for len(node.Nodes) > here {
			if err := node.RemoveNode(ctx, node.Nodes[len(node.Nodes)-1]); err != nil {
				t.Fatal(err)
			}
		}
		if output, err := node.Kubectl(ctx, "-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout", "1m"); err != nil {
			t.Error(output, err) // it may have been on one of them
		}
	})
	begin := time.Now()
	if err := node.AddNodes(t.Context(), count-here); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d nodes after %.1f s", len(node.Nodes), time.Since(begin).Seconds())
}
