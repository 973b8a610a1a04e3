package cli

import (
	"context"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/checks/cluster"
)

// clusterChecks look at the cluster of the kubeconfig.
func clusterChecks(_ context.Context, p *preflight) []checks.Check {
	o := cluster.Options{Config: p.config, Namespace: *p.kube.Namespace}
	c, core, err := connect(p.kube)
	if err == nil {
		o.Core = core
		o.Kinds, err = discovery.NewDiscoveryClientForConfig(c)
	}
	if err == nil {
		o.Objects, err = dynamic.NewForConfig(c)
	}
	if err != nil {
		return withoutCluster(cluster.All(o), err)
	}
	return cluster.All(o)
}

func withoutCluster(list []checks.Check, err error) []checks.Check {
	return checks.Withhold(list, "there is no cluster to look at: "+err.Error(), "name one with --kubeconfig or --context")
}
