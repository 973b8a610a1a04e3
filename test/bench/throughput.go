package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

const (
	runs    = 5
	runTime = 5 * time.Second
)

// throughput measures how many A queries per second the resolver answers, by
// turns with CoreDNS where that runs, so that a busy machine slows both.
func throughput(ctx context.Context, dir string, resolver, coredns *server) ([]figures.Row, error) {
	dnsperf, err := exec.LookPath("dnsperf")
	if err != nil {
		fmt.Fprintln(os.Stderr, "throughput is not measured, because dnsperf is missing: apt-get install dnsperf")
		return nil, nil
	}
	queries := filepath.Join(dir, "queries")
	if err := os.WriteFile(queries, []byte(endpoint+" A\n"), 0o644); err != nil {
		return nil, err
	}
	servers := []*server{resolver}
	if coredns != nil {
		servers = append(servers, coredns)
	}
	fmt.Fprintf(os.Stderr, "%d runs of dnsperf: %v\n", runs*len(servers), time.Duration(runs*len(servers))*runTime)
	perSecond := make([][]float64, len(servers))
	for range runs {
		for i, s := range servers {
			measured, err := perform(ctx, dnsperf, queries, s.addr)
			if err != nil {
				return nil, err
			}
			perSecond[i] = append(perSecond[i], measured)
		}
	}
	own := figures.Median(perSecond[0])
	r := figures.Row{What: "A queries per second", Figure: rate(own), Worst: rate(slices.Min(perSecond[0]))}
	if coredns != nil {
		other := figures.Median(perSecond[1])
		r.Reference = rate(other) + " CoreDNS"
		r.Ratio = figures.Ratio(own, other)
	}
	return []figures.Row{r}, nil
}

func rate(perSecond float64) string { return strconv.FormatFloat(perSecond, 'f', 0, 64) }

var (
	queriesPerSecond = regexp.MustCompile(`Queries per second:\s+([0-9.]+)`)
	nothingLost      = regexp.MustCompile(`Queries lost:\s+0 `)
	onlyNoError      = regexp.MustCompile(`Response codes:\s+NOERROR [0-9]+ \(100\.00%\)`)
)

// perform runs dnsperf once. A lost query or an answer other than NOERROR is
// an error: dropping is faster than answering.
func perform(ctx context.Context, dnsperf, queries, addr string) (float64, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, dnsperf, "-s", host, "-p", port, "-d", queries,
		"-l", strconv.Itoa(int(runTime.Seconds())), "-c", "4", "-T", "1").CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("dnsperf failed: %w\n%s", err, out)
	}
	found := queriesPerSecond.FindSubmatch(out)
	if found == nil || !nothingLost.Match(out) || !onlyNoError.Match(out) {
		return 0, errors.New("dnsperf saw lost queries or other answers than NOERROR from " + addr + ":\n" + string(out))
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
