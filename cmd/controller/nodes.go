package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/registry-failover/registry-failover/internal/nodecount"
	"github.com/registry-failover/registry-failover/internal/orphanleases"
	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// nodeParts are what the parts that look at nodes and their reports need beside the manager.
type nodeParts struct {
	client    client.Client
	namespace string
	inForce   func() map[string]string
	metrics   prometheus.Registerer
	log       *slog.Logger
}

// addNodes adds what removes the reports of nodes that are no more and counts the others,
// with one watch of each, and gives what is to follow the configuration.
func addNodes(ctx context.Context, mgr manager.Manager, p nodeParts) (follow func(*config.Config), err error) {
	reports, err := orphanleases.Reports(ctx, mgr, p.namespace, rollout.Annotations())
	if err != nil {
		return nil, err
	}
	nodes, err := orphanleases.Nodes(ctx, mgr, rollout.Labels())
	if err != nil {
		return nil, err
	}
	err = orphanleases.Watch(mgr, orphanleases.Options{
		Client: p.client, Namespace: p.namespace, Reports: reports, Nodes: nodes, Keep: leaderLease, Log: p.log,
	})
	if err != nil {
		return nil, err
	}
	counter, err := nodecount.Watch(nodecount.Options{Reports: reports, Nodes: nodes, InForce: p.inForce, Metrics: p.metrics})
	if err != nil {
		return nil, err
	}
	return counter.Configure, nil
}
