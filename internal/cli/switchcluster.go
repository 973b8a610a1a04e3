package cli

import (
	"context"
	"fmt"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	authenticationv1client "k8s.io/client-go/kubernetes/typed/authentication/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"

	"github.com/registry-failover/registry-failover/internal/switching"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// openSwitching reads the configuration of the cluster, and gives the cluster as those need
// it who throw its switch: with a clock that goes by the API server's.
func openSwitching(ctx context.Context, flags *genericclioptions.ConfigFlags) (*switching.Cluster, *config.Config, error) {
	clock := &switching.Clock{}
	wrap := flags.WrapConfigFn
	flags.WithWrapConfigFn(func(c *rest.Config) *rest.Config {
		c = wrap(c)
		c.Wrap(clock.Wrap)
		return c
	})
	c, core, err := connect(flags)
	if err != nil {
		return nil, nil, err
	}
	leases, err := coordinationv1client.NewForConfig(c)
	if err != nil {
		return nil, nil, err
	}
	reviews, err := authenticationv1client.NewForConfig(c)
	if err != nil {
		return nil, nil, err
	}
	read, err := readClusterConfig(ctx, core, *flags.Namespace)
	if err != nil {
		return nil, nil, fmt.Errorf("the product's namespace is named with --namespace: %w", err)
	}
	return &switching.Cluster{
		Namespace: *flags.Namespace, WithoutNodes: read.Node.Hosts == config.HostsOff, Clock: clock, Core: core, Leases: leases, Reviews: reviews,
	}, read, nil
}
