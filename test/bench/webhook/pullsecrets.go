package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/admission"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/bench/figures"
)

// companions measures our handler with a pod that lists two pull secrets and is
// given a companion of each, beside the same pod with pullSecrets.mode Off.
func companions(ctx context.Context, c *config.Config) (figures.Table, error) {
	pod := bytes.Replace(podJSON, []byte(`"name": "registry"`), []byte(`"name": "pull-a"}, {"name": "pull-b"`), 1)
	if bytes.Equal(pod, podJSON) {
		return nil, errors.New("the pod lists no pull secret named registry")
	}
	body, err := review(pod)
	if err != nil {
		return nil, err
	}
	endpoint := c.Endpoints[0]
	known := pullsecrets.Namespace{
		"pull-a": {{Endpoint: endpoint.Name, Instance: endpoint.Instances[0].Name}},
		"pull-b": {{Endpoint: endpoint.Name, Instance: endpoint.Instances[1].Name}},
	}
	var handlers [2]http.Handler
	for i, settings := range []config.PullSecrets{{Mode: config.PullSecretsDerive, Namespaces: []string{"shop"}}, {Mode: config.PullSecretsOff}} {
		with := *c
		with.PullSecrets = settings
		h := admission.NewHandler(prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
		if err := h.Configure(&with); err != nil {
			return nil, err
		}
		h.KnowPullSecrets(pullsecrets.Index{"shop": known})
		handlers[i] = h.Routes()
	}
	var times, allocations [2][]float64
	for range runs {
		for i, h := range handlers {
			r := testing.Benchmark(func(b *testing.B) { ask(ctx, b, h, body) })
			if r.N == 0 {
				return nil, errors.New("a pod with pull secrets can't be measured")
			}
			times[i] = append(times[i], float64(r.NsPerOp())/1000)
			allocations[i] = append(allocations[i], float64(r.AllocsPerOp()))
		}
	}
	return figures.Table{
		figures.Compare("handler, 2 pull secrets with their companions", "%.1f µs", times[0], times[1], "mode Off"),
		figures.Compare("allocations, 2 pull secrets with their companions", "%.0f", allocations[0], allocations[1], "mode Off"),
	}, nil
}
