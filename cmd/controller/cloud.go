package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	_ "golang.org/x/crypto/x509roots/fallback" // the image holds the program alone, without anybody's list of authorities

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// credentialsDir is where the chart mounts the Secret with an AccessKey.
const credentialsDir = "/var/run/secrets/registry-failover/credentials"

// cloudOptions are the flags that concern the cloud's API.
type cloudOptions struct {
	vpc            bool
	pvtz, acr      string
	credentialsDir string
}

// openCloud makes a client. Where that can't be done, a switch by hand needs all the
// rest: the client that it returns says why with each call, so that log, metric and
// status of whoever uses it do.
func openCloud(cfg *config.Config, o cloudOptions, metrics prometheus.Registerer, log *slog.Logger) *alibaba.Client {
	client, err := newCloud(cfg, o, metrics, log)
	if err != nil {
		return alibaba.Unusable(fmt.Errorf("the cloud's API can't be used: %w", err))
	}
	return client
}

// newCloud makes a client with the credentials that the configuration chooses.
func newCloud(cfg *config.Config, o cloudOptions, metrics prometheus.Registerer, log *slog.Logger) (*alibaba.Client, error) {
	addresses, err := o.addresses(cfg.Cluster.Region)
	if err != nil {
		return nil, err
	}
	if o.vpc && cfg.Cluster.Region == "" {
		return nil, errors.New("--vpc-endpoints needs cluster.region in the configuration")
	}
	fetcher, err := newFetcher(cfg.Credentials, addresses, o)
	if err != nil {
		return nil, err
	}
	return alibaba.New(alibaba.Options{
		Sessions: alibaba.NewKeeper(fetcher, metrics, log), Addresses: addresses, Region: cmp.Or(cfg.Cluster.Region, "cn-hangzhou"),
		Metrics: metrics, UserAgent: "registry-failover",
	})
}

func (o cloudOptions) addresses(region string) (alibaba.Addresses, error) {
	addresses := alibaba.PublicAddresses(region)
	if o.vpc {
		addresses = alibaba.VPCAddresses(region)
	}
	return addresses.Override(o.pvtz, o.acr)
}

func newFetcher(c config.Credentials, addresses alibaba.Addresses, o cloudOptions) (alibaba.Fetcher, error) {
	switch c.Provider {
	case config.ProviderRRSA:
		return alibaba.NewOIDC(c.RoleARN, c.OIDCProviderARN, c.OIDCTokenFile, addresses.STS, nil)
	case config.ProviderECSRAMRole:
		return alibaba.NewMetadata(alibaba.MetadataURL, c.RoleName), nil
	case config.ProviderAccessKey, config.ProviderSTS:
		return alibaba.Files{Dir: o.credentialsDir, STS: c.Provider == config.ProviderSTS}, nil
	default: // validation asks for a provider with privateZone.source API
		return nil, fmt.Errorf("credentials.provider %q gives no credentials: choose another", c.Provider)
	}
}

// warnOfCloud tells where a client that was made for one configuration is wrong for another.
func warnOfCloud(a, b *config.Config, log *slog.Logger) {
	if a.PrivateZone.Source != b.PrivateZone.Source || a.PrivateZone.WriteBack != b.PrivateZone.WriteBack || a.Credentials != b.Credentials || a.Cluster.Region != b.Cluster.Region || mints(a) != mints(b) {
		log.Warn("privateZone.source and writeBack, credentials, cluster.region, or whether pullSecrets.mint lists any namespace have changed: they take effect when the controller is restarted")
	}
}

// usesCloud tells whether anything needs the cloud's API.
func usesCloud(c *config.Config) bool {
	return c.PrivateZone.Source == config.API || c.PrivateZone.WriteBack || mints(c)
}

// mints tells whether any namespace is given tokens.
func mints(c *config.Config) bool {
	return slices.ContainsFunc(c.PullSecrets.Mint, c.PullSecrets.Mints)
}
