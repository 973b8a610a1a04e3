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
var metricsPorts = map[string]string{"resolver": "8081", "resolver-dns": "8081", "controller": "8082", "webhook": "8080"}

// sizes are those of the product's processes, by pod.
func sizes(ctx context.Context, t *testing.T) map[string]size {
	t.Helper()
	all := map[string]size{}
	for component, port := range metricsPorts {
		pods, err := listPods(ctx, component)
		must(t, err)
		for _, pod := range pods {
			running := pids(t, pod)
			if len(running) != 1 {
				t.Fatalf("%s has the processes %v", pod.Name, running)
			}
			s := size{pid: running[0]}
			s.memory, err = memoryOf(s.pid)
			must(t, err)
			files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.pid))
			must(t, err)
			s.files = len(files)
			page, err := get(ctx, "http://"+net.JoinHostPort(pod.Status.PodIP, port)+"/metrics")
			must(t, err)
			for line := range strings.Lines(page) {
				if _, err := fmt.Sscanf(line, "go_goroutines %d", &s.goroutines); err == nil {
					break
				}
			}
			if s.goroutines == 0 {
				t.Fatalf("%s doesn't count its goroutines", pod.Name)
			}
			all[pod.Name] = s
		}
	}
	return all
}

// compare waits until every process is the same as it was, and as large; what a
// request needs for a moment goes. A controller that leads, and can't say so to the
// API server, ends by itself.
func compare(t *testing.T, before map[string]size) {
	t.Helper()
	var now map[string]size
	await(t, "processes are as large as before", 30*time.Second, func(ctx context.Context) error {
		now = sizes(ctx, t)
		var grown []error
		for pod, was := range before {
			is, there := now[pod]
			switch {
			case !there || is.pid != was.pid && !strings.Contains(pod, "-controller-"):
				t.Fatalf("%s was replaced or restarted", pod)
			case is.resident > was.resident+moreResident, is.goroutines > was.goroutines+moreGoroutines, is.files > was.files+moreFiles:
				grown = append(grown, fmt.Errorf("%s has grown from %+v to %+v", pod, was, is))
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
