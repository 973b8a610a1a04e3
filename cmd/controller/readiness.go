package main

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	batchv1client "k8s.io/client-go/kubernetes/typed/batch/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/internal/readiness"
	"github.com/registry-failover/registry-failover/internal/stragglers"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// addReadiness adds what looks up the images of the cluster's workloads on every
// instance, and reads them for drills.
func addReadiness(mgr manager.Manager, cluster *rest.Config, cfg *config.Config, o options, metrics prometheus.Registerer) (*readiness.Keeper, error) {
	limited := inProtobuf(cluster) // at client-go's 5 requests a second, which is plenty
	limited.Wrap(stragglers.LimitAnswers)
	core, err := corev1client.NewForConfig(limited)
	if err != nil {
		return nil, err
	}
	apps, err := appsv1client.NewForConfig(limited)
	if err != nil {
		return nil, err
	}
	batch, err := batchv1client.NewForConfig(limited)
	if err != nil {
		return nil, err
	}
	paced, err := corev1client.NewForConfig(unlimited(cluster))
	if err != nil {
		return nil, err
	}
	keeper := readiness.New(readiness.Options{
		Cluster: readiness.Cluster{Core: core, Apps: apps, Batch: batch}, Keys: paced, Namespace: o.namespace,
		Store: published.InConfigMaps(paced.ConfigMaps(o.namespace)), Events: mgr.GetEventRecorder("registry-failover-controller"),
		Metrics: metrics, Log: o.log,
	})
	if err := keeper.Configure(cfg); err != nil {
		return nil, err
	}
	return keeper, mgr.Add(keeper)
}

func configureReadiness(k *readiness.Keeper, c *config.Config, log *slog.Logger) {
	if err := k.Configure(c); err != nil {
		log.Error("images are looked up by the configuration before", "error", err)
	}
}
