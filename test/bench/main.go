// Command bench measures what users pay for the product and what they get:
// the size of the programs, how long a switch takes to reach DNS and the hosts
// file, the resolver's memory, and its throughput beside CoreDNS's.
//
// It runs on Linux, on loopback only, and prints one table. `make bench` builds
// what it needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

func main() {
	if runtime.GOOS != "linux" {
		fmt.Fprintln(os.Stderr, "bench: runs on Linux only, because it reads memory figures from /proc")
		os.Exit(2)
	}
	bin := flag.String("bin", "bin", "`folder` with the built programs")
	coredns := flag.String("coredns", "", "CoreDNS `program` to compare with; without it there are no references")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *coredns); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures everything and prints the table.
func run(ctx context.Context, bin, corednsProgram string) (err error) {
	dir, err := os.MkdirTemp("", "registry-failover-bench-")
	if err != nil {
		return fmt.Errorf("could not make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	resolver, err := startResolver(ctx, filepath.Join(bin, "resolver"), dir)
	if err != nil {
		return err
	}
	defer resolver.Stop()
	var coredns *server // nil without a program to compare with
	if corednsProgram != "" {
		if coredns, err = startCoreDNS(ctx, corednsProgram, dir); err != nil {
			return err
		}
		defer coredns.Stop()
	}

	var t figures.Table
	for _, measure := range []func() ([]figures.Row, error){
		func() ([]figures.Row, error) { return sizes(bin, corednsProgram) },
		func() ([]figures.Row, error) { return memory("idle", resolver, coredns) },
		func() ([]figures.Row, error) { return switching(ctx, resolver) },
		func() ([]figures.Row, error) { return throughput(ctx, dir, resolver, coredns) },
		func() ([]figures.Row, error) { return memory("after load", resolver, coredns) },
	} {
		rows, err := measure()
		if err != nil {
			return err
		}
		t = append(t, rows...)
	}
	fmt.Printf("%s/%s, %d CPUs, %s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	if err := t.Print(os.Stdout); err != nil {
		return err
	}
	fmt.Println("\nThe resolver reads a folder here; in a cluster, its watch of the API server needs memory as well.")
	return nil
}
