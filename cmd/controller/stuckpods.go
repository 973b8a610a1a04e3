package main

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/internal/stuckpods"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// stuckParts are what looks after pods that wait for an image needs beside the manager.
type stuckParts struct {
	cluster *rest.Config
	// pods have a limit for each answer.
	pods      corev1client.PodsGetter
	namespace string
	metrics   prometheus.Registerer
	log       *slog.Logger
}

// addStuckPods adds what looks after pods that wait for an image. It is to listen to the
// surveys of the pods.
func addStuckPods(mgr manager.Manager, cfg *config.Config, p stuckParts) (*stuckpods.Watcher, error) {
	c := unlimited(p.cluster)
	leases, err := coordinationv1client.NewForConfig(c)
	if err != nil {
		return nil, err
	}
	core, err := corev1client.NewForConfig(c)
	if err != nil {
		return nil, err
	}
	maps := core.ConfigMaps(p.namespace)
	watcher := stuckpods.New(stuckpods.Options{
		Pods: p.pods, ConfigMaps: maps, Leases: leases.Leases(p.namespace), Namespace: p.namespace, Store: published.InConfigMaps(maps),
		Events: mgr.GetEventRecorder("registry-failover-controller"), Metrics: p.metrics, Log: p.log,
	})
	if err := watcher.Configure(cfg); err != nil {
		return nil, err
	}
	return watcher, mgr.Add(watcher)
}
