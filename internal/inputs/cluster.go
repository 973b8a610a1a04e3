package inputs

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// namespaceFile is where a pod finds the namespace of its service account.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// RESTConfig leads to the API server: with the pod's service account inside of a
// cluster, else with the kubeconfig that KUBECONFIG names, else ~/.kube/config.
func RESTConfig() (*rest.Config, error) {
	config, err := rest.InClusterConfig()
	if err == nil {
		return config, nil
	}
	if !errors.Is(err, rest.ErrNotInCluster) {
		return nil, fmt.Errorf("service account of this pod: %w", err)
	}
	config, err = kubeconfig().ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("no pod's service account is here, and KUBECONFIG leads to no API server: %w", err)
	}
	return config, nil
}

// Namespace is the service account's inside of a cluster, else that of the
// kubeconfig's current context, else registry-failover.
func Namespace() string {
	if text, err := os.ReadFile(namespaceFile); err == nil {
		if namespace := strings.TrimSpace(string(text)); namespace != "" {
			return namespace
		}
	}
	if config, err := kubeconfig().RawConfig(); err == nil {
		if c := config.Contexts[config.CurrentContext]; c != nil && c.Namespace != "" {
			return c.Namespace
		}
	}
	return "registry-failover"
}

func kubeconfig() clientcmd.ClientConfig {
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), nil)
}
