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
	before := written()
	code := cluster.Main(cluster.Options{}, func(_ context.Context, c *cluster.Cluster) int {
		node = c
		return m.Run()
	})
	if sandbox.Outside() {
		for path := range written() {
			if !before[path] {
				fmt.Println("the cluster has left", path)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// written are those there are, outside the cluster, of the places where its programs write by default.
func written() map[string]bool {
	there := map[string]bool{}
	for _, path := range []string{
		"/etc/cni", "/etc/containerd", "/etc/kubernetes", "/opt/cni", "/opt/containerd", "/usr/libexec/kubernetes",
		"/run/containerd", "/run/flannel", "/run/runc", "/run/xtables.lock", "/run/netns",
		"/var/lib/calico", "/var/lib/cni", "/var/lib/containerd", "/var/lib/etcd", "/var/lib/kubelet", "/var/lib/kube-proxy",
		"/var/lib/nerdctl", "/var/log/containers", "/var/log/pods",
	} {
		if _, err := os.Lstat(path); err == nil {
			there[path] = true
		}
	}
	return there
}
