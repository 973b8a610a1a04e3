package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

// collected is when Go has surely given back to the system what it doesn't need:
// it collects its garbage every two minutes where little is allocated, and keeps
// what the collection before had in use for one more.
const collected = 270 * time.Second

// A fault is something that others do to the resolver. It tells what it was.
type fault func(ctx context.Context, resolver *server) (what string, err error)

// faults gives the resolver's memory and goroutines after each fault, beside
// what they were before all. It has one processor for itself and the system. An
// answer must come after each, and no goroutine may be left.
//
// What happens to a watch is another resolver's, at path, which waits together
// with the first one until what it doesn't need is given back.
func faults(ctx context.Context, resolver *server, path, dir string) ([]figures.Row, error) {
	fmt.Fprintf(os.Stderr, "faults: %v\n", 12*floodTime+drops*time.Second+collected)
	pin := exec.CommandContext(ctx, "taskset", "--all-tasks", "--cpu-list", "--pid", "0", strconv.Itoa(resolver.PID))
	if out, err := pin.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("could not bind the resolver to one processor: %w: %s", err, out)
	}
	takesNone, drips, err := hostile()
	if err != nil {
		return nil, err
	}
	before, err := figures.Resident(resolver.PID, "VmRSS")
	if err != nil {
		return nil, err
	}
	goroutines, err := resolver.sum(ctx, "go_goroutines ")
	if err != nil {
		return nil, err
	}
	var rows []figures.Row
	add := func(when string) error {
		now, err := figures.Resident(resolver.PID, "VmRSS")
		rows = append(rows, figures.Row{
			What: "memory " + when, Figure: figures.Mebibytes(now),
			Reference: figures.Mebibytes(before) + " before", Ratio: figures.Ratio(float64(now), float64(before)),
		})
		return err
	}
	for _, f := range []fault{
		flood("queries that nobody reads the replies of", queries),
		flood("malformed packets", malformed),
		flood("queries for random names below the endpoint", randomLabels),
		upstream("never answer", never),
		upstream("answer after a second", slowly),
		upstream("answer SERVFAIL", serverFailure),
		upstream("send a thousand packets of garbage each time", garbage),
		clients(idleClients, "say nothing", nil),
		clients(hostileClients, "take no replies", takesNone),
		clients(hostileClients, "send a query byte by byte", drips),
	} {
		what, err := f(ctx, resolver)
		if err != nil {
			return nil, err
		}
		if err := resolver.awaitAnswer(ctx, ""); err != nil {
			return nil, err
		}
		if err := resolver.awaitGoroutines(ctx, goroutines); err != nil {
			return nil, fmt.Errorf("after %s: %w", what, err)
		}
		if err := add("after " + what); err != nil {
			return nil, err
		}
	}
	watching, err := breakWatches(ctx, path, dir)
	if err != nil {
		return nil, err
	}
	defer watching.Stop()
	broken, err := watching.rows("after " + watching.what)
	if err != nil {
		return nil, err
	}
	broken = append(broken, noMoreGoroutines("after these", watching.goroutines))
	select {
	case <-time.After(collected):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := add(fmt.Sprintf("%v after all of these", collected)); err != nil {
		return nil, err
	}
	rows = append(rows, noMoreGoroutines("after each of these", goroutines))
	after, err := watching.rows(fmt.Sprintf("%v later", collected))
	return slices.Concat(rows, broken, after), err
}

// noMoreGoroutines is what [server.awaitGoroutines] has seen.
func noMoreGoroutines(when string, before float64) figures.Row {
	return figures.Row{What: "goroutines " + when, Figure: fmt.Sprintf("at most %.0f", before), Reference: fmt.Sprintf("%.0f before", before)}
}

// awaitGoroutines waits until there are no more goroutines than before: the
// resolver gives up clients that stay within seconds.
func (s *server) awaitGoroutines(ctx context.Context, before float64) error {
	const patience = 20 * time.Second
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		now, err := s.sum(ctx, "go_goroutines ")
		switch {
		case err != nil:
			return err
		case now <= before:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("%.0f goroutines %v later, %.0f before", now, patience, before)
		}
	}
}

// flood sends packets over UDP as fast as can be. Of what the resolver can't
// take the system drops the rest.
func flood(of string, packets func() (func([]byte) []byte, error)) fault {
	return func(ctx context.Context, resolver *server) (string, error) {
		const udp = `registry_failover_dns_queries_total{proto="udp"`
		next, err := packets()
		if err != nil {
			return "", err
		}
		before, err := resolver.sum(ctx, udp)
		if err != nil {
			return "", err
		}
		asked := resolver.upstreamQueries()
		perSecond, err := sendOnly(ctx, resolver.addr, next)
		if err != nil {
			return "", err
		}
		after, err := resolver.sum(ctx, udp)
		if err != nil {
			return "", err
		}
		what := fmt.Sprintf("%.0f per second of %s, %.0f of them taken", perSecond, of, (after-before)/floodTime.Seconds())
		if relayed := float64(resolver.upstreamQueries()-asked) / floodTime.Seconds(); relayed >= 1 {
			what += fmt.Sprintf(", %.0f relayed", relayed)
		}
		return what, nil
	}
}

// clients connects over TCP, and leaves after a while.
func clients(n int, who string, act func(net.Conn)) fault {
	return func(ctx context.Context, resolver *server) (string, error) {
		closeAll, err := connect(ctx, resolver.addr, n, act)
		if err != nil {
			return "", err
		}
		defer closeAll()
		if act != nil {
			time.Sleep(floodTime)
		}
		now, err := figures.Resident(resolver.PID, "VmRSS")
		if err != nil {
			return "", err
		}
		there, err := resolver.sum(ctx, "go_goroutines ")
		return fmt.Sprintf("%d clients that %s (%s and %.0f goroutines with them)", n, who, figures.Mebibytes(now), there), err
	}
}
