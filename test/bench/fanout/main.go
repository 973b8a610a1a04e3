// Command fanout measures what a fleet of nodes costs one API server, and how
// fast a switch reaches all of them: the real kube-apiserver and etcd, the
// chart's own RBAC and policies, and for each node a token of its own, a
// connection of its own, and the watches of internal/inputs.
//
// It needs Linux and root (test/cluster). `make bench-scale` runs it; docs/scale.md
// goes by its figures.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
	"github.com/registry-failover/registry-failover/test/cluster"
)

func main() {
	nodes := flag.Int("nodes", 2000, "how many nodes there are")
	patches := flag.Int("patches", 20, "how often the switch is thrown for each kind of watch")
	idle := flag.Duration("idle", 30*time.Second, "how long to look at what happens while nothing happens; from 10m on, every watch is renewed meanwhile")
	flag.Parse()
	os.Exit(cluster.Main(cluster.Options{WithoutNode: true}, func(ctx context.Context, c *cluster.Cluster) int {
		table, err := measure(ctx, c, *nodes, *patches, *idle)
		if err != nil {
			fmt.Fprintln(os.Stderr, "fanout:", err)
		}
		fmt.Printf("\n%d nodes, API server and etcd beside each other on %d CPUs, %s\n\n", *nodes, runtime.NumCPU(), runtime.Version())
		if printing := table.Print(os.Stdout); err != nil || printing != nil {
			return 1
		}
		return 0
	}))
}

func measure(ctx context.Context, c *cluster.Cluster, nodes, patches int, idle time.Duration) (figures.Table, error) {
	f, err := enlist(ctx, c, nodes)
	if err != nil {
		return nil, err
	}
	// Each part finds an API server without a memory of the one before.
	var all []*part
	for _, kind := range []struct {
		name   string
		listen listener
	}{
		{"bare watches", f.listenBare},
		{"source: VPCDNS", f.listenWithoutState},
		{"source: API", f.listenWithState},
	} {
		fmt.Printf("%s: %d nodes connect, %d switches\n", kind.name, nodes, patches)
		p, err := f.play(ctx, kind.name, kind.listen, patches, func(ctx context.Context, p *part) error {
			if len(all) == 0 {
				return nil // the reference
			}
			if err := p.idle(ctx, idle); err != nil {
				return err
			}
			return p.storm(ctx)
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.name, err)
		}
		all = append(all, p)
	}
	var t figures.Table
	for _, p := range all[1:] {
		t = append(t, p.rows(all[0])...)
	}
	leases, err := f.leases(ctx)
	return append(t, leases...), err
}
