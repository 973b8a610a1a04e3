package main

import (
	"github.com/prometheus/client_golang/prometheus"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/registry-failover/registry-failover/internal/companions"
	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
)

// addPullSecrets adds what keeps companions and the index. It does nothing while
// pullSecrets.mode is Off.
func addPullSecrets(mgr manager.Manager, cluster *rest.Config, secrets *ownedsecrets.Writer, o options, metrics prometheus.Registerer) (*companions.Keeper, error) {
	c := unlimited(cluster)
	core, err := corev1client.NewForConfig(c)
	if err != nil {
		return nil, err
	}
	watched, err := metadata.NewForConfig(c)
	if err != nil {
		return nil, err
	}
	keeper := companions.New(companions.Options{
		Writer: secrets, Metadata: watched, ConfigMaps: core.ConfigMaps(o.namespace), Namespace: o.namespace,
		Metrics: metrics, Events: mgr.GetEventRecorder("registry-failover-controller"), Log: o.log,
	})
	return keeper, mgr.Add(keeper)
}
