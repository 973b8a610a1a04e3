package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

// load measures how many A queries per second the resolver answers over UDP and
// TCP, and how long they take at a rate that leaves room, beside the references.
func load(ctx context.Context, dir string, resolver *server, references []*server) ([]figures.Row, error) {
	path, err := exec.LookPath("dnsperf")
	if err != nil {
		fmt.Fprintln(os.Stderr, "throughput is not measured, because dnsperf is missing: apt-get install dnsperf")
		return nil, nil
	}
	perf := dnsperf{path: path, queries: filepath.Join(dir, "queries")}
	if err := os.WriteFile(perf.queries, []byte(endpoint+" A\n"), 0o644); err != nil {
		return nil, err
	}
	udp, err := perf.byTurns(ctx, append([]*server{resolver}, references...))
	if err != nil {
		return nil, err
	}
	rows := udp.throughput("UDP")

	// The echo knows no TCP.
	overTCP := slices.DeleteFunc(append([]*server{resolver}, references...), func(s *server) bool { return s.name == "echo" })
	tcp, err := perf.byTurns(ctx, overTCP, "-m", "tcp")
	if err != nil {
		return nil, err
	}
	rows = append(rows, tcp.throughput("TCP")...)

	knot := find(references, "Knot")
	if knot == nil {
		return rows, nil
	}
	half := int(udp.median(knot)) / 2
	delays, err := perf.byTurns(ctx, []*server{resolver, knot}, "-v", "-Q", strconv.Itoa(half))
	if err != nil {
		return nil, err
	}
	own, other := delays.p99(resolver), delays.p99(knot)
	return append(rows, figures.Row{
		What:   fmt.Sprintf("99 of 100 queries at %d per second, half of Knot's", half),
		Figure: figures.Milliseconds(figures.Median(own)), Worst: figures.Milliseconds(slices.Max(own)),
		Reference: figures.Milliseconds(figures.Median(other)) + " Knot",
		Ratio:     figures.Ratio(float64(figures.Median(own)), float64(figures.Median(other))),
	}), nil
}

// measured are the runs against each server; the first one is the resolver.
type measured struct {
	servers []*server
	runs    map[*server][]run
}

// byTurns measures each server several times, one after the other, so that a
// busy machine slows all.
func (d dnsperf) byTurns(ctx context.Context, servers []*server, options ...string) (measured, error) {
	fmt.Fprintf(os.Stderr, "%d runs of dnsperf %v: %v\n", runs*len(servers), options, time.Duration(runs*len(servers))*runTime)
	m := measured{servers, map[*server][]run{}}
	for range runs {
		for _, s := range servers {
			got, err := d.against(ctx, s, options...)
			if err != nil {
				return measured{}, err
			}
			m.runs[s] = append(m.runs[s], got)
		}
	}
	return m, nil
}

// each gives one figure of all runs against a server.
func each[T any](m measured, s *server, figure func(run) T) []T {
	var all []T
	for _, r := range m.runs[s] {
		all = append(all, figure(r))
	}
	return all
}

func (m measured) perSecond(s *server) []float64 {
	return each(m, s, func(r run) float64 { return r.perSecond })
}

func (m measured) cpu(s *server) []time.Duration {
	return each(m, s, func(r run) time.Duration { return r.cpu })
}

func (m measured) p99(s *server) []time.Duration {
	return each(m, s, func(r run) time.Duration { return r.p99 })
}

func (m measured) median(s *server) float64 { return figures.Median(m.perSecond(s)) }

// throughput has a line of queries per second and one of processor time for
// each reference: where dnsperf is slower than the servers, the second tells more.
func (m measured) throughput(protocol string) []figures.Row {
	rate := func(perSecond float64) string { return strconv.FormatFloat(perSecond, 'f', 0, 64) }
	resolver, references := m.servers[0], m.servers[1:]
	own, cpu := m.perSecond(resolver), m.cpu(resolver)
	perSecond := figures.Row{What: "A queries per second over " + protocol, Figure: rate(figures.Median(own)), Worst: rate(slices.Min(own))}
	perQuery := figures.Row{What: "processor time of one, over " + protocol, Figure: micro(figures.Median(cpu)), Worst: micro(slices.Max(cpu))}
	if len(references) == 0 {
		return []figures.Row{perSecond, perQuery}
	}
	var rates, times []figures.Row
	for _, s := range references {
		perSecond.Reference = rate(m.median(s)) + " " + s.name
		perSecond.Ratio = figures.Ratio(figures.Median(own), m.median(s))
		rates = append(rates, perSecond)
		middle := figures.Median(m.cpu(s))
		perQuery.Reference = micro(middle) + " " + s.name
		perQuery.Ratio = figures.Ratio(float64(figures.Median(cpu)), float64(middle))
		times = append(times, perQuery)
	}
	return append(rates, times...)
}

func micro(d time.Duration) string {
	return fmt.Sprintf("%.2f µs", float64(d)/float64(time.Microsecond))
}
