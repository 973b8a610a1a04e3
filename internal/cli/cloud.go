package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

// cloudFlags are how a verb gets at the cloud's API.
type cloudFlags struct {
	credentialsDir string
	pvtz, acr      string
	egress         []string
}

// cloudFlagNames are what add adds.
var cloudFlagNames = []string{"credentials-dir", "pvtz-endpoint", "acr-endpoint", "egress"}

func (f *cloudFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.credentialsDir, "credentials-dir", "", "`DIR` with the files access-key-id, access-key-secret and perhaps security-token; without it they are taken from the environment")
	flags.StringVar(&f.pvtz, "pvtz-endpoint", "", "`URL` of PrivateZone's API")
	flags.StringVar(&f.acr, "acr-endpoint", "", "`URL` of ACR's API, for all regions")
	flags.StringArrayVar(&f.egress, "egress", nil, "an `ADDRESS` that the cluster has on the Internet, such as its NAT gateway's; may be given several times")
}

// errNoCredentials says that nobody gave any.
var errNoCredentials = errors.New("there are no cloud credentials")

// credentialsRemedy is what to do about errNoCredentials.
const credentialsRemedy = "set " + alibaba.EnvAccessKeyID + ", " + alibaba.EnvAccessKeySecret + " and for temporary ones " + alibaba.EnvSecurityToken + ", or give --credentials-dir"

// client returns errNoCredentials where there are none. The region is where the
// cluster is.
func (f *cloudFlags) client(ctx context.Context, region string) (*alibaba.Client, error) {
	addresses, err := alibaba.PublicAddresses(region).Override(f.pvtz, f.acr)
	if err != nil {
		return nil, err
	}
	fetcher, err := f.fetcher(ctx)
	if err != nil {
		return nil, err
	}
	metrics := prometheus.NewRegistry() // nobody scrapes a verb
	return alibaba.New(alibaba.Options{
		Sessions: alibaba.NewKeeper(fetcher, metrics, slog.New(slog.DiscardHandler)), Addresses: addresses,
		Region: cmp.Or(region, "cn-hangzhou"), Metrics: metrics, UserAgent: "registry-failover",
	})
}

func (f *cloudFlags) fetcher(ctx context.Context) (alibaba.Fetcher, error) {
	if f.credentialsDir != "" {
		_, err := os.Stat(filepath.Join(f.credentialsDir, alibaba.FileSecurityToken))
		files := alibaba.Files{Dir: f.credentialsDir, STS: err == nil}
		if _, err := files.Fetch(ctx); err != nil {
			return nil, fmt.Errorf("--credentials-dir: %w", err)
		}
		return files, nil
	}
	environment, err := alibaba.NewEnvironment(os.Getenv)
	switch {
	case err != nil:
		return nil, err
	case environment == nil:
		return nil, errNoCredentials
	}
	return environment, nil
}

func (f *cloudFlags) egressAddresses() ([]netip.Addr, error) {
	var addrs []netip.Addr
	for _, text := range f.egress {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("--egress %q: must be an IP address, such as 203.0.113.7", text)
		}
		addrs = append(addrs, addr.Unmap())
	}
	return addrs, nil
}
