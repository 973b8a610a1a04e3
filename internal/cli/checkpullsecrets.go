package cli

import (
	"context"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/checks/pullsecrets"
)

// pullSecretChecks look at the pull credentials of the cluster's pods.
func pullSecretChecks(_ context.Context, p *preflight) []checks.Check {
	o := pullsecrets.Options{Config: p.config, Namespace: *p.kube.Namespace, Own: ownNamespace(p.kube), Login: p.login}
	_, core, err := connect(p.kube)
	if err != nil {
		return withoutCluster(pullsecrets.All(o), err)
	}
	o.Core = core
	return pullsecrets.All(o)
}

// ownNamespace is that of the caller's context, which the flag --namespace, the product's,
// says nothing about. It is empty where there is no context.
func ownNamespace(flags *genericclioptions.ConfigFlags) string {
	raw, err := flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return ""
	}
	name := raw.CurrentContext
	if *flags.Context != "" {
		name = *flags.Context
	}
	switch found := raw.Contexts[name]; {
	case found == nil:
		return ""
	case found.Namespace == "":
		return "default"
	default:
		return found.Namespace
	}
}
