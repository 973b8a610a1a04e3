package main

import (
	"context"
	"net/netip"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/registry-failover/registry-failover/internal/automatic"
	"github.com/registry-failover/registry-failover/internal/dnsclient"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// automaticParts are what other parts tell the one that decides.
type automaticParts struct {
	heard func() *healthquorum.Heard // nil without probers
	zones automatic.PrivateZone
}

// addAutomatic adds what throws the switch in automatic mode, and ends it at its time in each.
func addAutomatic(mgr manager.Manager, cfg *config.Config, cluster *rest.Config, p automaticParts, o options, metrics prometheus.Registerer) (*automatic.Controller, error) {
	core, err := corev1client.NewForConfig(unlimited(cluster))
	if err != nil {
		return nil, err
	}
	decides := automatic.New(automatic.Options{
		Store: published.InConfigMaps(core.ConfigMaps(o.namespace)),
		Watch: func(ctx context.Context, publish func(inputs.Snapshot)) error {
			return inputs.Kube(ctx, inputs.KubeOptions{Config: cluster, Namespace: o.namespace, WatchState: true, Logger: o.log}, publish)
		},
		Heard: p.heard, PrivateZone: p.zones, Lookup: dnsclient.New(dnsServers(o), lookupTimeout).Lookup,
		Namespace: o.namespace, Events: mgr.GetEventRecorder("registry-failover-controller"), Metrics: metrics, Log: o.log,
	})
	decides.Configure(cfg)
	return decides, mgr.Add(decides)
}

// lookupTimeout is for one question to one DNS server.
const lookupTimeout = 2 * time.Second

// dnsServers are the node's, through which PrivateZone answers: the pod has them, and not
// cluster DNS, which may give what the switch says.
func dnsServers(o options) []netip.AddrPort {
	file, err := os.Open("/etc/resolv.conf")
	var servers []netip.AddrPort
	if err == nil {
		servers, err = dnsclient.SystemServers(file)
		_ = file.Close() // it was only read
	}
	if err != nil {
		o.log.Warn("the node's DNS servers aren't known: nobody knows what PrivateZone gives, nor where public endpoints are", "error", err)
	}
	return servers
}
