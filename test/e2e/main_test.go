package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/sandbox"
)

// switches is how often the switch is thrown for the figures; they are left out with 0.
var switches = flag.Int("switches", 0, "measure this many switches and pulls, and the memory of every pod")

// node is the cluster that all tests share, seen from its node.
var node *cluster.Cluster

func TestMain(m *testing.M) {
	flag.Parse()
	if err := sandbox.Supported(); err != nil && os.Getenv("CI") == "" {
		fmt.Println("skipped:", err)
		return
	}
	os.Exit(cluster.Main(cluster.Options{}, func(_ context.Context, c *cluster.Cluster) int {
		node = c
		return m.Run()
	}))
}
