package cli

import (
	"cmp"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/clusterdns"
)

// dnsCluster is what the verb coredns has to do with.
type dnsCluster struct {
	namespace string // the product's
	core      corev1client.CoreV1Interface
	apps      appsv1client.AppsV1Interface
	coredns   clusterdns.ConfigMap
	managed   *clusterdns.CustomDNSConfig // nil where CoreDNS has the ConfigMap only
}

func connectDNS(flags *genericclioptions.ConfigFlags) (*dnsCluster, error) {
	c, core, err := connect(flags)
	if err != nil {
		return nil, err
	}
	apps, err := appsv1client.NewForConfig(c)
	if err != nil {
		return nil, err
	}
	kinds, err := discovery.NewDiscoveryClientForConfig(c)
	if err != nil {
		return nil, err
	}
	objects, err := dynamic.NewForConfig(c)
	if err != nil {
		return nil, err
	}
	managed, err := clusterdns.FindCustomDNSConfig(kinds, objects)
	if err != nil {
		return nil, err
	}
	return &dnsCluster{
		namespace: cmp.Or(*flags.Namespace, productNamespace), core: core, apps: apps, managed: managed,
		coredns: clusterdns.ConfigMap{Client: core, Namespace: "kube-system", Name: "coredns"},
	}, nil
}
