// Command webhook measures what the webhook costs: alone, beside the same
// rewrite with controller-runtime's typed decoder, and as a program over TLS,
// beside one that answers every request with the same patch, unread.
//
// It runs on Linux, on loopback only, and prints one table. `make bench` builds
// what it needs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"

	"github.com/registry-failover/registry-failover/pkg/config"
)

func main() {
	bin := flag.String("bin", "bin", "`folder` with the built programs")
	configuration := flag.String("config", "testdata/config/example.yaml", "configuration `file`")
	constant := flag.String("constant", "", "be the reference: serve with the certificate in this `folder`")
	read := flag.Bool("read", false, "as the reference, read requests before they are answered")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	do := func() error { return run(ctx, *bin, *configuration) }
	if *constant != "" {
		do = func() error { return serveConstant(ctx, *constant, *configuration, *read) }
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "bench of the webhook:", err)
		os.Exit(1)
	}
}

// run measures everything and prints the table.
func run(ctx context.Context, bin, configuration string) error {
	c, err := load(configuration)
	if err != nil {
		return err
	}
	alone, err := handlers(ctx, c)
	if err != nil {
		return err
	}
	attached, err := companions(ctx, c)
	if err != nil {
		return err
	}
	loaded, err := overTLS(ctx, filepath.Join(bin, "webhook"), configuration)
	if err != nil {
		return err
	}
	fmt.Printf("%s/%s, %d CPUs, %s; medians of %d runs by turns\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), runs)
	return slices.Concat(alone, attached, loaded).Print(os.Stdout)
}

// runs is how often each is measured, by turns, so that a busy machine slows both.
const runs = 5

func load(file string) (*config.Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return config.Parse(text)
}
