package main

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/proberscale"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// proberParts are what the parts that look after the probers need beside the manager.
type proberParts struct {
	cluster   *rest.Config
	namespace string
	metrics   prometheus.Registerer
	log       *slog.Logger
}

// forget adds what takes a part of the status away whose part of the controller is off now.
func forget(mgr manager.Manager, cfg *config.Config, part string, core corev1client.CoreV1Interface, o options) error {
	f := healthquorum.Forgetter{Part: part, Store: published.InConfigMaps(core.ConfigMaps(o.namespace)), Log: o.log}
	for _, e := range cfg.Endpoints {
		f.Endpoints = append(f.Endpoints, e.Name)
	}
	return mgr.Add(f)
}

// addProbers adds what scales the probers and collects their reports.
func addProbers(mgr manager.Manager, cfg *config.Config, p proberParts) (*healthquorum.Collector, error) {
	c := unlimited(p.cluster)
	apps, err := appsv1client.NewForConfig(c)
	if err != nil {
		return nil, err
	}
	leases, err := coordinationv1client.NewForConfig(c)
	if err != nil {
		return nil, err
	}
	core, err := corev1client.NewForConfig(c)
	if err != nil {
		return nil, err
	}
	scaler := proberscale.New(proberscale.Options{Nodes: core.Nodes(), Deployments: apps.Deployments(p.namespace), Log: p.log})
	if err := mgr.Add(scaler); err != nil {
		return nil, err
	}
	collector := healthquorum.New(healthquorum.Options{
		Leases: leases.Leases(p.namespace), Namespace: p.namespace, Store: published.InConfigMaps(core.ConfigMaps(p.namespace)),
		Wanted: scaler.Wanted, Events: mgr.GetEventRecorder("registry-failover-controller"), Metrics: p.metrics, Log: p.log,
	})
	collector.Configure(cfg)
	return collector, mgr.Add(collector)
}
