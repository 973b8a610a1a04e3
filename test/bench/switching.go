package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

const (
	switches = 50
	// patience is how long a switch may take before the measurement fails.
	patience = 10 * time.Second
	// goal is what the design promises for the way from the ConfigMap to
	// every node; here it is the file alone.
	goal = time.Second
)

// switching measures how long a switch takes from just before its file is
// renamed into place until DNS and the hosts file have the new address. The
// DNS figure has up to two round trips of its own in it, the one for the hosts
// file up to a pause between two looks.
func switching(ctx context.Context, resolver *server) ([]figures.Row, error) {
	fmt.Fprintf(os.Stderr, "%d switches: 10 seconds\n", switches)
	asks, err := newAsker(resolver.addr)
	if err != nil {
		return nil, err
	}
	defer asks.close()

	var toDNS, toHosts []time.Duration
	for i := range switches {
		// Uneven, so that a resolver that polls isn't met at the same phase.
		time.Sleep(50*time.Millisecond + rand.N(100*time.Millisecond))
		dns, hosts, err := switchOnce(ctx, resolver, asks, instances[(i+1)%len(instances)])
		if err != nil {
			return nil, fmt.Errorf("switch %d: %w", i+1, err)
		}
		toDNS, toHosts = append(toDNS, dns), append(toHosts, hosts)
	}
	var trips []time.Duration
	for range 1000 {
		began := time.Now()
		if _, err := asks.ask(); err != nil {
			return nil, fmt.Errorf("could not measure a round trip: %w", err)
		}
		trips = append(trips, time.Since(began))
	}
	return []figures.Row{
		durations("switch until DNS answers with it", toDNS),
		durations("switch until the hosts file has it", toHosts),
		{What: "one query, there and back", Figure: figures.Milliseconds(figures.Median(trips)), Worst: figures.Milliseconds(slices.Max(trips))},
	}, nil
}

func durations(what string, measured []time.Duration) figures.Row {
	middle := figures.Median(measured)
	return figures.Row{
		What: what, Figure: figures.Milliseconds(middle), Worst: figures.Milliseconds(slices.Max(measured)),
		Reference: goal.String() + " goal", Ratio: figures.Ratio(float64(middle), float64(goal)),
	}
}

// switchOnce sets the switch and tells when each audience had the address.
func switchOnce(ctx context.Context, resolver *server, asks *asker, to instance) (dns, hosts time.Duration, err error) {
	next := filepath.Join(resolver.dir, "next")
	if err := os.WriteFile(next, []byte(to.name+"\n"), 0o644); err != nil {
		return 0, 0, err
	}
	var inDNS, inHosts time.Time
	watch, ctx := errgroup.WithContext(ctx)
	watch.Go(func() (err error) {
		inDNS, err = await(ctx, "DNS never answered "+to.address, 0, func() (bool, error) {
			address, err := asks.ask()
			return address == to.address, err
		})
		return err
	})
	watch.Go(func() (err error) {
		// The pause leaves the processor to the resolver and to the queries.
		inHosts, err = await(ctx, "the hosts file never had "+to.address, 200*time.Microsecond, func() (bool, error) {
			content, err := os.ReadFile(resolver.hosts)
			return strings.Contains(string(content), to.address), err
		})
		return err
	})
	// Both watchers are at work before the switch is thrown.
	time.Sleep(10 * time.Millisecond)
	thrown := time.Now()
	if err := os.Rename(next, filepath.Join(resolver.dir, "switch", endpoint)); err != nil {
		return 0, 0, err
	}
	if err := watch.Wait(); err != nil {
		return 0, 0, err
	}
	return inDNS.Sub(thrown), inHosts.Sub(thrown), nil
}

// await looks again and again, and returns the time when it saw what it waits for.
func await(ctx context.Context, never string, pause time.Duration, look func() (bool, error)) (time.Time, error) {
	for deadline := time.Now().Add(patience); ctx.Err() == nil; time.Sleep(pause) {
		seen, err := look()
		now := time.Now()
		switch {
		case err != nil:
			return now, err
		case seen:
			return now, nil
		case now.After(deadline):
			return now, fmt.Errorf("%s in %v", never, patience)
		}
	}
	return time.Time{}, ctx.Err()
}
