package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/automatic"
	"github.com/registry-failover/registry-failover/internal/cloudreader"
	"github.com/registry-failover/registry-failover/internal/minter"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/internal/writeback"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// cloudParts are what the parts that use the cloud's API need beside it.
type cloudParts struct {
	core      corev1client.CoreV1Interface
	namespace string
	secrets   minter.Secrets         // needed where the configuration mints
	zones     *automatic.PrivateZone // gets what tells of PrivateZone
	metrics   prometheus.Registerer
	log       *slog.Logger
}

// addCloud adds the parts that the configuration asks for, and gives what is to
// follow it.
func addCloud(mgr manager.Manager, cfg *config.Config, cloud *alibaba.Client, p cloudParts) (follow []func(*config.Config), err error) {
	maps := p.core.ConfigMaps(p.namespace)
	var zones cloudreader.Cloud = cloud
	if cfg.PrivateZone.WriteBack {
		owner := clusterID(p.core.Namespaces())
		writer := writeback.New(writeback.Options{Cloud: cloud, Owner: owner, ConfigMaps: maps, Metrics: p.metrics, Log: p.log})
		writer.Configure(cfg)
		follow = append(follow, writer.Configure)
		p.zones.Original = writer.Original
		if err := mgr.Add(writer); err != nil {
			return follow, err
		}
		var current atomic.Pointer[config.Config]
		current.Store(cfg)
		follow = append(follow, func(c *config.Config) { current.Store(c) })
		zones = writeback.Originals{Client: cloud, Owner: owner, Hosts: func() []string { return publicEndpoints(current.Load()) }}
	}
	if cfg.PrivateZone.Source == config.API {
		reader := cloudreader.New(cloudreader.Options{Cloud: zones, Store: published.InConfigMaps(maps), Metrics: p.metrics, Log: p.log})
		reader.Configure(cfg)
		follow = append(follow, reader.Configure)
		*p.zones = automatic.PrivateZone{ReadAt: reader.ReadAt} // which has the originals
		if err := mgr.Add(reader); err != nil {
			return follow, err
		}
	}
	if mints(cfg) {
		tokens := minter.New(minter.Options{Cloud: cloud, Secrets: p.secrets, Metrics: p.metrics, Log: p.log})
		tokens.Configure(cfg)
		follow = append(follow, tokens.Configure)
		err = mgr.Add(tokens)
	}
	return follow, err
}

func publicEndpoints(c *config.Config) []string {
	var hosts []string
	for _, e := range c.Zones() {
		for _, i := range e.Instances {
			hosts = append(hosts, i.PublicEndpoint)
		}
	}
	return hosts
}

// clusterID tells this cluster from all others by the UID of its namespace
// kube-system, which lives as long as the cluster.
func clusterID(namespaces corev1client.NamespaceInterface) func(context.Context) (string, error) {
	var known atomic.Pointer[string]
	return func(ctx context.Context) (string, error) {
		if id := known.Load(); id != nil {
			return *id, nil
		}
		n, err := namespaces.Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
		if err != nil {
			return "", fmt.Errorf("could not read the UID of the namespace %s: %w", metav1.NamespaceSystem, err)
		}
		id := writeback.Owner(string(n.UID))
		known.Store(&id)
		return id, nil
	}
}
