package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

const (
	runs    = 5
	runTime = 3 * time.Second
)

// dnsperf is the load: the program, and the file with what it asks.
type dnsperf struct{ path, queries string }

// A run is what one run of dnsperf gave.
type run struct {
	perSecond float64
	cpu       time.Duration // of the server for one query
	p99       time.Duration // of all queries; only with -v
}

var (
	queriesPerSecond = regexp.MustCompile(`Queries per second:\s+([0-9.]+)`)
	queriesCompleted = regexp.MustCompile(`Queries completed:\s+([0-9]+)`)
	nothingLost      = regexp.MustCompile(`Queries lost:\s+0 `)
	onlyNoError      = regexp.MustCompile(`Response codes:\s+NOERROR [0-9]+ \(100\.00%\)`)
	latency          = regexp.MustCompile(`^> NOERROR .* ([0-9.]+)$`)
)

// against runs dnsperf once. A lost query or an answer other than NOERROR is
// an error: dropping is faster than answering.
func (d dnsperf) against(ctx context.Context, s *server, options ...string) (run, error) {
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return run{}, err
	}
	before, err := figures.ProcessorTime(s.PID)
	if err != nil {
		return run{}, err
	}
	args := []string{"-s", host, "-p", port, "-d", d.queries, "-l", strconv.Itoa(int(runTime.Seconds())), "-c", "4", "-T", "1"}
	out, err := exec.CommandContext(ctx, d.path, append(args, options...)...).CombinedOutput()
	if err != nil {
		return run{}, fmt.Errorf("dnsperf failed: %w\n%s", err, tail(out))
	}
	after, err := figures.ProcessorTime(s.PID)
	if err != nil {
		return run{}, err
	}
	rate, completed := queriesPerSecond.FindSubmatch(out), queriesCompleted.FindSubmatch(out)
	if rate == nil || completed == nil || !nothingLost.Match(out) || !onlyNoError.Match(out) {
		return run{}, errors.New("dnsperf saw lost queries or other answers than NOERROR from " + s.addr + ":\n" + tail(out))
	}
	perSecond, err := strconv.ParseFloat(string(rate[1]), 64)
	if err != nil {
		return run{}, err
	}
	queries, err := strconv.Atoi(string(completed[1]))
	if err != nil {
		return run{}, err
	}
	return run{perSecond: perSecond, cpu: (after - before) / time.Duration(queries), p99: p99(out)}, nil
}

// p99 reads the latencies that dnsperf prints with -v; 0 without.
func p99(out []byte) time.Duration {
	var all []float64
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if found := latency.FindSubmatch(lines.Bytes()); found != nil {
			if seconds, err := strconv.ParseFloat(string(found[1]), 64); err == nil {
				all = append(all, seconds)
			}
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return time.Duration(all[len(all)*99/100] * float64(time.Second))
}

// tail is the end of an output, where dnsperf says how it went.
func tail(out []byte) string { return string(out[max(0, len(out)-2000):]) }
