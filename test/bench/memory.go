package main

import (
	"fmt"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

// memory gives the resident memory of the resolver, beside CoreDNS's where it
// runs: all of it, the part that isn't backed by the program's file, and the most
// that it ever was.
func memory(when string, resolver, coredns *server) ([]figures.Row, error) {
	var rows []figures.Row
	for _, field := range []string{"VmRSS", "RssAnon", "VmHWM"} {
		own, err := figures.Resident(resolver.PID, field)
		if err != nil {
			return nil, err
		}
		r := figures.Row{What: fmt.Sprintf("memory of the resolver, %s (%s)", when, field), Figure: figures.Mebibytes(own)}
		if coredns != nil {
			other, err := figures.Resident(coredns.PID, field)
			if err != nil {
				return nil, err
			}
			r.Reference = figures.Mebibytes(other) + " CoreDNS"
			r.Ratio = figures.Ratio(float64(own), float64(other))
		}
		rows = append(rows, r)
	}
	return rows, nil
}
