package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/miekg/dns"

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
func faults(ctx context.Context, resolver *server) ([]figures.Row, error) {
	fmt.Fprintf(os.Stderr, "faults: %v\n", 10*floodTime+collected)
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
		upstream("never answer", func(dns.ResponseWriter) {}),
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
	time.Sleep(collected)
	err = add(fmt.Sprintf("%v after all of these", collected))
	return append(rows, figures.Row{
		What: "goroutines after each of these", Figure: fmt.Sprintf("at most %.0f", goroutines), Reference: fmt.Sprintf("%.0f before", goroutines),
	}), err
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

// upstream floods the resolver with what it must ask of DNS servers that misbehave.
func upstream(who string, instead func(dns.ResponseWriter)) fault {
	return func(ctx context.Context, resolver *server) (string, error) {
		resolver.privateZone.Misbehave(instead)
		defer resolver.privateZone.Misbehave(nil)
		what, err := flood("queries for random names below the endpoint", randomLabels)(ctx, resolver)
		return what + ", to servers that " + who, err
	}
}

func garbage(w dns.ResponseWriter) {
	for range 1000 {
		if _, err := w.Write([]byte("HTTP/1.1 400 Bad Request")); err != nil {
			return
		}
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
