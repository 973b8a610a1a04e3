// Command readiness measures what it costs to look up many images on every instance: how
// long a pass takes, what the instances are asked meanwhile and at rest, and the
// controller's memory. The real program works on a real API server and etcd, which hold
// pods that no kubelet runs, and asks two registries over TLS that take 20 ms to answer.
//
// It needs Linux and root (test/cluster), and bin/controller. `make bench-readiness`
// runs it, and before it the same in a simulated time; docs/readiness.md has the figures.
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

// most is what the controller may take of memory, in bytes.
const most = 64 << 20

func main() {
	pods := flag.Int("pods", 10_000, "how many pods there are, each with an image of its own")
	rest := flag.Duration("rest", 6*time.Minute, "how long to look when all is known; the cluster is surveyed every 5 minutes")
	part := flag.Float64("part", 1, "how much of a pass to wait for, of 1")
	flag.Parse()
	os.Exit(cluster.Main(cluster.Options{WithoutNode: true}, func(ctx context.Context, c *cluster.Cluster) int {
		table, err := measure(ctx, c, *pods, *part, *rest)
		if table != nil {
			fmt.Printf("\n%d pods with as many images, beside an API server and etcd on %d CPUs, %s\n\n", *pods, runtime.NumCPU(), runtime.Version())
			_ = table.Print(os.Stdout)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "readiness:", err)
			return 1
		}
		return 0
	}))
}

// measure returns the figures with an error where one of them is too high.
func measure(ctx context.Context, c *cluster.Cluster, pods int, part float64, rest time.Duration) (figures.Table, error) {
	if err := fill(ctx, c, pods); err != nil {
		return nil, err
	}
	a, err := listen(ctx, c, "10.1.0.10", pods)
	if err != nil {
		return nil, err
	}
	b, err := listen(ctx, c, "10.2.0.10", pods)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := start(ctx, c)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	passing, err := s.watch(ctx, func() (bool, error) {
		told, err := s.status(ctx)
		present := 1.0
		for _, share := range told.Share() {
			present = min(present, share)
		}
		return told.Images == pods && present >= part, err
	})
	if err != nil {
		return nil, err
	}
	took := time.Since(begun)
	asked := [2]int{a.total(), b.total()}
	end := time.Now().Add(rest)
	resting, err := s.watch(ctx, func() (bool, error) { return time.Now().After(end), nil })
	if err != nil {
		return nil, err
	}
	worst, err := figures.Resident(s.pid, "VmHWM")
	if err != nil {
		return nil, err
	}
	table := figures.Table{
		{What: fmt.Sprintf("until %.0f %% of the images are known on both instances", 100*part), Figure: took.Round(time.Second).String()},
		{What: "  requests at hangzhou", Figure: fmt.Sprintf("%.1f a second", float64(asked[0])/took.Seconds()), Worst: fmt.Sprintf("%d within a second", a.busiest()), Reference: "20"},
		{What: "  requests at zhangjiakou", Figure: fmt.Sprintf("%.1f a second", float64(asked[1])/took.Seconds()), Worst: fmt.Sprintf("%d within a second", b.busiest()), Reference: "20"},
		{What: "  VmRSS", Figure: figures.Mebibytes(figures.Median(passing)), Worst: figures.Mebibytes(worst), Reference: figures.Mebibytes(most)},
		{What: "afterwards: requests at both", Figure: fmt.Sprintf("%.2f a second", float64(a.total()+b.total()-asked[0]-asked[1])/rest.Seconds())},
		{What: "  VmRSS", Figure: figures.Mebibytes(figures.Median(resting)), Reference: figures.Mebibytes(most)},
	}
	if worst > most {
		return table, fmt.Errorf("the controller took %s, more than %s", figures.Mebibytes(worst), figures.Mebibytes(most))
	}
	return table, nil
}
