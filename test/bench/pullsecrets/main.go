// Command pullsecrets measures what pull secrets cost the controller: its memory
// beside many of them and as many other Secrets, and how often it writes to the API
// server, while all of them are given companions, and afterwards. The real program
// works on a real API server and etcd; no node runs.
//
// It needs Linux and root (test/cluster), and bin/controller. `make
// bench-pullsecrets` runs it.
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
	secrets := flag.Int("secrets", 5_000, "how many pull secrets there are, and how many others")
	idle := flag.Duration("idle", time.Minute, "how long to look when all is done")
	flag.Parse()
	os.Exit(cluster.Main(cluster.Options{WithoutNode: true}, func(ctx context.Context, c *cluster.Cluster) int {
		table, err := measure(ctx, c, *secrets, *idle)
		if err != nil {
			fmt.Fprintln(os.Stderr, "pullsecrets:", err)
			return 1
		}
		fmt.Printf("\n%d pull secrets and as many others, beside an API server and etcd on %d CPUs, %s\n\n", *secrets, runtime.NumCPU(), runtime.Version())
		if err := table.Print(os.Stdout); err != nil {
			return 1
		}
		return 0
	}))
}

func measure(ctx context.Context, c *cluster.Cluster, secrets int, idle time.Duration) (figures.Table, error) {
	if err := fill(ctx, c, secrets); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := start(ctx, c)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	fmt.Printf("%d companions at 10 a second\n", 2*secrets)
	deriving, err := s.watch(ctx, func(now sample) bool { return now.companions >= 2*secrets })
	if err != nil {
		return nil, err
	}
	took := time.Since(begun)
	end := time.Now().Add(idle)
	afterwards, err := s.watch(ctx, func(sample) bool { return time.Now().After(end) })
	if err != nil {
		return nil, err
	}
	worst, err := figures.Resident(s.pid, "VmHWM")
	if err != nil {
		return nil, err
	}
	return figures.Table{
		{What: "until all have companions", Figure: took.Round(time.Second).String()},
		{What: "  writes a second, of Secrets and of the index", Figure: fmt.Sprintf("%.2f", deriving.perSecond()), Worst: fmt.Sprintf("%.1f in ten seconds", deriving.worst()), Reference: "10, and 0.2 of the index"},
		{What: "  VmRSS", Figure: figures.Mebibytes(figures.Median(deriving.resident())), Worst: figures.Mebibytes(worst), Reference: "64 MiB"},
		{What: "afterwards: writes a second", Figure: fmt.Sprintf("%.2f", afterwards.perSecond()), Reference: "0"},
		{What: "  VmRSS", Figure: figures.Mebibytes(figures.Median(afterwards.resident())), Reference: "64 MiB"},
	}, nil
}
