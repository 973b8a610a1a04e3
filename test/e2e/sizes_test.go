package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// size is what a process holds.
type size struct {
	pid, goroutines, files int
	memory
}

// What a process may hold more at the end of a long run than in the middle.
const (
	moreResident   = 4 << 10 // KiB
	moreGoroutines = 5
	moreFiles      = 3
)

// metricsPorts are those that count goroutines.
var metricsPorts = map[string]string{"resolver": "8081", "resolver-dns": "8081", "controller": "8082", "webhook": "8080", "prober": "18082"}

// sizes are those of the product's processes, by pod.
func sizes(ctx context.Context, t *testing.T) (map[string]size, error) {
	t.Helper()
	all := map[string]size{}
	for component, port := range metricsPorts {
		pods, err := listPods(ctx, component)
		if err != nil {
			return nil, err
		}
		for _, pod := range pods {
			if all[pod.Name], err = sizeOf(ctx, pids(t, pod), "http://"+net.JoinHostPort(pod.Status.PodIP, port)+"/metrics"); err != nil {
				return nil, fmt.Errorf("%s: %w", pod.Name, err)
			}
		}
	}
	return all, nil
}

// sizeOf looks at memory and files before it asks, which takes some of both.
func sizeOf(ctx context.Context, running []int, metrics string) (s size, err error) {
	if len(running) != 1 {
		return size{}, fmt.Errorf("it has the processes %v", running)
	}
	s.pid = running[0]
	if s.memory, err = memoryOf(s.pid); err != nil {
		return size{}, err
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.pid))
	if err != nil {
		return size{}, err
	}
	s.files = len(files)
	page, err := get(ctx, metrics)
	if err != nil {
		return size{}, err
	}
	for line := range strings.Lines(page) {
		if _, err := fmt.Sscanf(line, "go_goroutines %d", &s.goroutines); err == nil {
			return s, nil
		}
	}
	return size{}, errors.New("it doesn't count its goroutines")
}

// compare waits until every process is the same as it was, and as large; what a
// request needs for a moment goes, within the two minutes after which Go collects
// at the latest, if it isn't asked again and again. A controller that leads, and
// can't say so to the API server, ends by itself, and another one leads: each may be
// as large as the one that led.
func compare(t *testing.T, before map[string]size) {
	t.Helper()
	const controller = "-controller-"
	var leader size
	for pod, was := range before {
		if strings.Contains(pod, controller) {
			leader.resident, leader.goroutines, leader.files = max(leader.resident, was.resident), max(leader.goroutines, was.goroutines), max(leader.files, was.files)
		}
	}
	var now map[string]size
	began := time.Now()
	defer func() { t.Logf("this was so after %s", time.Since(began).Round(time.Second)) }()
	await(t, "processes are as large as before", 5*time.Minute, func(ctx context.Context) (err error) {
		if now, err = sizes(ctx, t); err != nil {
			return err
		}
		var grown []error
		for pod, was := range before {
			is, there := now[pod]
			same := there && is.pid == was.pid
			if strings.Contains(pod, controller) {
				was, same = leader, there
			}
			switch {
			case !same:
				t.Fatalf("%s was replaced or restarted", pod)
			case is.resident > was.resident+moreResident, is.goroutines > was.goroutines+moreGoroutines, is.files > was.files+moreFiles:
				grown = append(grown, fmt.Errorf("%s has grown from %+v to %+v", pod, was, is))
			}
		}
		if grown != nil {
			pause := time.NewTimer(10 * time.Second)
			defer pause.Stop()
			select {
			case <-ctx.Done():
			case <-pause.C:
			}
		}
		return errors.Join(grown...)
	})
	t.Logf("%-52s %22s %14s %14s", "pod: in the middle, at the end", "VmRSS in MiB", "goroutines", "open files")
	for _, pod := range slices.Sorted(maps.Keys(before)) {
		was, is := before[pod], now[pod]
		t.Logf("%-52s %10.1f %11.1f %7d %6d %7d %6d", pod, float64(was.resident)/1024, float64(is.resident)/1024,
			was.goroutines, is.goroutines, was.files, is.files)
	}
}
