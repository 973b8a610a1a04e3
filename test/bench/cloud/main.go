// Command cloud measures what the controller costs with PrivateZone's API: how often
// it calls the cloud with one endpoint and with ten, and what memory it takes beside
// many pods. The real program works on a real API server and etcd, which hold Nodes
// and pods that no kubelet runs, and calls test/fakecloud over HTTPS.
//
// It needs Linux and root (test/cluster), and bin/controller. `make bench-cloud` runs
// it; docs/cloud.md has its figures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// most is what the controller may take of memory, in bytes.
const most = 64 << 20

// many is how many endpoints the larger controller has.
const many = 10

func main() {
	pods := flag.Int("pods", 10_000, "how many pods there are")
	during := flag.Duration("for", 10*time.Minute, "how long to look; an instance is read every 10 minutes")
	flag.Parse()
	os.Exit(cluster.Main(cluster.Options{WithoutNode: true}, func(ctx context.Context, c *cluster.Cluster) int {
		table, err := measure(ctx, c, *pods, *during)
		if table == nil {
			fmt.Fprintln(os.Stderr, "cloud:", err)
			return 1
		}
		fmt.Printf("\n%d pods, %s, beside an API server and etcd on %d CPUs, %s\n\n", *pods, *during, runtime.NumCPU(), runtime.Version())
		if err := errors.Join(table.Print(os.Stdout), err); err != nil {
			fmt.Fprintln(os.Stderr, "cloud:", err)
			return 1
		}
		return 0
	}))
}

// measure returns the figures with an error where one of them is too high.
func measure(ctx context.Context, c *cluster.Cluster, pods int, during time.Duration) (figures.Table, error) {
	if err := fill(ctx, c, pods); err != nil {
		return nil, err
	}
	// Nothing of it runs here, a hook neither, but its policies go by the same configuration.
	values := filepath.Join(c.Dir, "values.yaml")
	text := "image: {registry: " + cluster.ProductRegistry + "}\nconfig:\n  " + strings.ReplaceAll(configOf(many), "\n", "\n  ")
	if err := os.WriteFile(values, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if _, err := c.Helm(ctx, 4, "install", "registry-failover", filepath.Join(c.Root, "charts", "registry-failover"), "--namespace", "registry-failover", "--create-namespace",
		"--values", values, "--set", "precheck.enabled=false"); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	one, err := start(ctx, c, "one", 1)
	if err != nil {
		return nil, err
	}
	ten, err := start(ctx, c, "registry-failover", many, "--webhook-certificate")
	if err != nil {
		return nil, err
	}
	fmt.Printf("two controllers run for %s\n", during)
	if err := watch(ctx, during, one, ten); err != nil {
		return nil, err
	}
	var t figures.Table
	var over error
	for _, s := range []*subject{one, ten} {
		rows, worst, err := s.rows(ctx, during)
		if err != nil {
			return nil, err
		}
		t = append(t, rows...)
		if worst > most {
			over = errors.Join(over, fmt.Errorf("the controller with %d endpoints took %s, more than %s", s.endpoints, figures.Mebibytes(worst), figures.Mebibytes(most)))
		}
	}
	return t, over
}
