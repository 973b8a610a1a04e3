package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

// usage is the processor time of each process. The nodes are all one: this program.
type usage struct {
	api, etcd, nodes time.Duration
	at               time.Time
}

func (f *fleet) usage() (usage, error) {
	u := usage{at: time.Now()}
	for _, p := range []struct {
		pid  int
		time *time.Duration
	}{{f.APIServer.PID(), &u.api}, {f.Etcd.PID(), &u.etcd}, {os.Getpid(), &u.nodes}} {
		var err error
		if *p.time, err = figures.ProcessorTime(p.pid); err != nil {
			return usage{}, err
		}
	}
	return u, nil
}

// since is what was used from one moment to this.
func (u usage) since(v usage) usage {
	return usage{api: u.api - v.api, etcd: u.etcd - v.etcd, nodes: u.nodes - v.nodes, at: time.Time{}.Add(u.at.Sub(v.at))}
}

// during calls do and returns what was used meanwhile, and how long it took.
func (f *fleet) during(do func() error) (usage, time.Duration, error) {
	before, err := f.usage()
	if err != nil {
		return usage{}, 0, err
	}
	if err := do(); err != nil {
		return usage{}, 0, err
	}
	after, err := f.usage()
	return after.since(before), after.at.Sub(before.at), err
}

// settle returns when the API server does nothing more for itself: after a
// start it is busy for some seconds.
func (f *fleet) settle(ctx context.Context) error {
	for range 60 {
		used, took, err := f.during(func() error { return pause(ctx, time.Second) })
		if err != nil || used.api < took/20 {
			return err
		}
	}
	return errors.New("the API server is busy without a reason")
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// requests is how many requests for ConfigMaps the API server has been sent
// since it started: those that it has answered, and the watches that are open.
func (f *fleet) requests(ctx context.Context) (int, error) {
	text, err := f.Client.RESTClient().Get().AbsPath("/metrics").Do(ctx).Raw()
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for line := range strings.Lines(string(text)) {
		name, labels, _ := strings.Cut(line, "{")
		if name != "apiserver_request_total" && name != "apiserver_longrunning_requests" || !strings.Contains(labels, `resource="configmaps"`) {
			continue
		}
		_, number, _ := strings.Cut(labels, "} ")
		value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil {
			return 0, err
		}
		sum += value
	}
	return int(sum), nil
}

// sockets is how many the API server has open: one for each connection, and some of its own.
func (f *fleet) sockets() (int, error) {
	dir := fmt.Sprintf("/proc/%d/fd", f.APIServer.PID())
	files, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	count := 0
	for _, file := range files {
		// One may be closed while it is looked at.
		if leads, err := os.Readlink(filepath.Join(dir, file.Name())); err == nil && strings.HasPrefix(leads, "socket:") {
			count++
		}
	}
	return count, nil
}
