package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

// sizes gives the size of each program in bin, beside CoreDNS's where it is given.
func sizes(bin, coredns string) ([]figures.Row, error) {
	var reference int64
	if coredns != "" {
		info, err := os.Stat(coredns)
		if err != nil {
			return nil, fmt.Errorf("could not size up CoreDNS: %w", err)
		}
		reference = info.Size()
	}
	entries, err := os.ReadDir(bin)
	if err != nil {
		return nil, fmt.Errorf("could not list the programs, run make build first: %w", err)
	}
	var rows []figures.Row
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return nil, fmt.Errorf("could not size up %s: %w", filepath.Join(bin, entry.Name()), err)
		}
		r := figures.Row{What: "size of " + entry.Name(), Figure: figures.Mebibytes(info.Size())}
		if reference > 0 {
			r.Reference = figures.Mebibytes(reference) + " CoreDNS"
			r.Ratio = figures.Ratio(float64(info.Size()), float64(reference))
		}
		rows = append(rows, r)
	}
	return rows, nil
}
