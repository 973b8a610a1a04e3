package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/bench/figures"
	"github.com/registry-failover/registry-failover/test/bench/program"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// own is the product's namespace.
const own = "registry-failover"

// A subject is a controller.
type subject struct {
	pid     int
	metrics string
}

func start(ctx context.Context, c *cluster.Cluster) (*subject, error) {
	if _, err := c.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: own}}, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	file := filepath.Join(c.Dir, "config.yaml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		return nil, err
	}
	if err := os.Setenv("KUBECONFIG", c.Kubeconfig()); err != nil {
		return nil, err
	}
	p, address, err := program.StartListening(ctx, "http", filepath.Join(c.Root, "bin", "controller"),
		"--config", file, "--kube", "--namespace", own, "--metrics", "127.0.0.1:0", "--log-format", "json")
	if err != nil {
		return nil, fmt.Errorf("run make build first: %w", err)
	}
	return &subject{p.PID, "http://" + address + "/metrics"}, nil
}

// sample is what there is to see in a second.
type sample struct {
	at                 time.Time
	resident           int64
	writes, companions int
}

type samples []sample

// watch takes a sample each second until one is the last.
func (s *subject) watch(ctx context.Context, last func(sample) bool) (samples, error) {
	var all samples
	for {
		now, err := s.look(ctx)
		if err != nil {
			return nil, err
		}
		if all = append(all, now); last(now) {
			return all, nil
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *subject) look(ctx context.Context) (sample, error) {
	now := sample{at: time.Now()}
	var err error
	if now.resident, err = figures.Resident(s.pid, "VmRSS"); err != nil {
		return now, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.metrics, nil)
	if err != nil {
		return now, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return now, err
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) != 2 {
			continue
		}
		n, _ := strconv.ParseFloat(fields[1], 64)
		switch metric, _, _ := strings.Cut(fields[0], "{"); metric {
		case "registry_failover_pull_secret_companions":
			now.companions = int(n)
		case "registry_failover_pull_secret_writes_total", "registry_failover_pull_secret_index_writes_total":
			now.writes += int(n)
		}
	}
	return now, nil
}

func (all samples) resident() []int64 {
	var sizes []int64
	for _, s := range all {
		sizes = append(sizes, s.resident)
	}
	return sizes
}

func (all samples) perSecond() float64 { return rate(all[0], all[len(all)-1]) }

// worst is the highest rate of some ten seconds.
func (all samples) worst() (highest float64) {
	for i := 10; i < len(all); i++ {
		highest = max(highest, rate(all[i-10], all[i]))
	}
	return highest
}

func rate(from, to sample) float64 {
	if seconds := to.at.Sub(from.at).Seconds(); seconds > 0 {
		return float64(to.writes-from.writes) / seconds
	}
	return 0
}
