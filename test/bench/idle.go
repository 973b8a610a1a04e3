package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

const idleTime = 30 * time.Second

// idle gives the processor time of a resolver that nobody asks.
func idle(ctx context.Context, resolver *server) ([]figures.Row, error) {
	fmt.Fprintf(os.Stderr, "an idle resolver: %v\n", idleTime)
	before, err := figures.ProcessorTime(resolver.PID)
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(idleTime):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	after, err := figures.ProcessorTime(resolver.PID)
	if err != nil {
		return nil, err
	}
	return []figures.Row{{
		What:      "processor of the resolver, idle",
		Figure:    fmt.Sprintf("%.2f %%", 100*float64(after-before)/float64(idleTime)),
		Reference: "0.1 % goal",
	}}, nil
}
