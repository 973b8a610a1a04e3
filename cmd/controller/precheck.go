package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/checks/network"
	"github.com/registry-failover/registry-failover/internal/precheck"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// runPrecheck is `controller precheck`, Helm's hook before an installation and an
// upgrade. It returns the exit code.
func runPrecheck(args []string) int {
	const name = "controller precheck"
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	file := flags.String("config", "", "the configuration `FILE` (required)")
	message := flags.String("message-file", "", "a `FILE`, such as a container's termination log, that gets the sentence of a refusal")
	err := flags.Parse(args)
	switch {
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q: all arguments are flags, see --help", flags.Arg(0))
	case *file == "":
		err = errors.New("--config is missing: name the configuration file")
	}
	var cfg *config.Config
	if err == nil {
		cfg, err = readConfig(*file)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = precheck.Run(ctx, precheck.Options{
		Checks: func() []checks.Check { return network.Install(network.Options{Config: cfg}) },
		Out:    os.Stdout, Patience: 3 * time.Second, Pause: time.Second,
	})
	if err != nil {
		fmt.Printf("%s: %v\n", name, err) // below the report
		if *message != "" {
			if err := os.WriteFile(*message, []byte(err.Error()), 0o600); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			}
		}
		return 1
	}
	return 0
}

func readConfig(file string) (*config.Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c, err := config.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}
