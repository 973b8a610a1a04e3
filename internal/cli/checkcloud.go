package cli

import (
	"context"
	"errors"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/checks/cloud"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// cloudChecks gives the checks over the cloud's API; without credentials they say
// so. An error is one of the flags'.
func cloudChecks(ctx context.Context, c *config.Config, f *cloudFlags) ([]checks.Check, error) {
	o := cloud.Options{Config: c}
	var err error
	if o.Egress, err = f.egressAddresses(); err != nil {
		return nil, err
	}
	client, err := f.client(ctx, c.Cluster.Region)
	switch {
	case errors.Is(err, errNoCredentials):
		return checks.Withhold(cloud.All(o), "not looked at: "+err.Error(), credentialsRemedy), nil
	case err != nil:
		return nil, err
	}
	o.Cloud = client
	return cloud.All(o), nil
}
