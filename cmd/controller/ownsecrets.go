package main

import (
	"github.com/prometheus/client_golang/prometheus"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
)

// ownSecrets makes the one writer of the product's own pull secrets, which has limits of its own.
func ownSecrets(cluster *rest.Config, metrics prometheus.Registerer) (*ownedsecrets.Writer, error) {
	core, err := corev1client.NewForConfig(unlimited(cluster))
	if err != nil {
		return nil, err
	}
	return ownedsecrets.New(core, metrics), nil
}
