package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// memory gives the resident memory of the resolver, beside CoreDNS's where it
// runs: all of it, and the part that isn't backed by the program's file.
func memory(when string, resolver, coredns *server) ([]row, error) {
	var rows []row
	for _, field := range []string{"VmRSS", "RssAnon"} {
		own, err := resident(resolver.pid, field)
		if err != nil {
			return nil, err
		}
		r := row{what: fmt.Sprintf("memory of the resolver, %s (%s)", when, field), figure: mebibytes(own)}
		if coredns != nil {
			other, err := resident(coredns.pid, field)
			if err != nil {
				return nil, err
			}
			r.reference = mebibytes(other) + " CoreDNS"
			r.ratio = ratio(float64(own), float64(other))
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// resident reads a field of /proc/PID/status, in bytes. See proc_pid_status(5).
func resident(pid int, field string) (int64, error) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("could not read the memory of a program that should run: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			kibibytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("could not read %s in %s: %w", field, path, err)
			}
			return kibibytes << 10, nil
		}
	}
	return 0, fmt.Errorf("no %s in %s", field, path)
}
