// Command bench measures what users pay for the product and what they get:
// the size of the programs, how long a switch takes to reach DNS and the hosts
// file, the resolver's memory, and what it answers beside CoreDNS, Knot and an echo.
//
// It runs on Linux, on loopback only, and prints one table. `make bench` builds
// what it needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/registry-failover/registry-failover/test/bench/echo"
	"github.com/registry-failover/registry-failover/test/bench/figures"
)

func main() {
	if runtime.GOOS != "linux" {
		fmt.Fprintln(os.Stderr, "bench: runs on Linux only, because it reads memory figures from /proc")
		os.Exit(2)
	}
	bin := flag.String("bin", "bin", "`folder` with the built programs")
	coredns := flag.String("coredns", "", "CoreDNS `program` to compare with; without it there are no references")
	beEcho := flag.Bool("echo", false, "be the echo that the resolver is compared with")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *beEcho {
		if err := echo.Serve(ctx, slog.New(slog.NewJSONHandler(os.Stderr, nil))); err != nil {
			fmt.Fprintln(os.Stderr, "echo:", err)
			os.Exit(1)
		}
		return
	}
	if err := measure(ctx, *bin, *coredns); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measure measures everything and prints the table.
func measure(ctx context.Context, bin, corednsProgram string) (err error) {
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
	references, err := startReferences(ctx, corednsProgram, dir)
	if err != nil {
		return err
	}
	for _, s := range references {
		defer s.Stop()
	}
	coredns := find(references, "CoreDNS")

	var t figures.Table
	for _, part := range []func() ([]figures.Row, error){
		func() ([]figures.Row, error) { return sizes(bin, corednsProgram) },
		func() ([]figures.Row, error) { return idle(ctx, resolver) },
		func() ([]figures.Row, error) { return memory("idle", resolver, coredns) },
		func() ([]figures.Row, error) { return switching(ctx, resolver) },
		func() ([]figures.Row, error) { return load(ctx, dir, resolver, references) },
		func() ([]figures.Row, error) { return memory("after load", resolver, coredns) },
		func() ([]figures.Row, error) { return faults(ctx, resolver, filepath.Join(bin, "resolver"), dir) },
	} {
		rows, err := part()
		if err != nil {
			return err
		}
		t = append(t, rows...)
	}
	fmt.Printf("%s/%s, %d CPUs, %s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	if err := t.Print(os.Stdout); err != nil {
		return err
	}
	fmt.Println("\nBut for the last lines the resolver reads a folder; its watch of an API server needs memory as well.")
	return nil
}
