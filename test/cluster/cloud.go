package cluster

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/registry-failover/registry-failover/test/standin"
)

// Endpoint is the shared endpoint of the manual procedure's example.
const Endpoint = "cross-region.registry.io"

var (
	hangzhouInternal    = netip.MustParseAddr("10.1.0.10")
	hangzhouPublic      = netip.MustParseAddr("203.0.113.10")
	zhangjiakouInternal = netip.MustParseAddr("10.2.0.10")
	zhangjiakouPublic   = netip.MustParseAddr("203.0.113.20")
)

// Instance is one registry, at its internal and its public address.
type Instance struct {
	*standin.Registry
	Name                             string
	PublicEndpoint, InternalEndpoint string
	// Realm is where tokens are to be had, at the public address.
	Realm            string
	Internal, Public netip.Addr
}

// startCloud starts the registries and the VPC's DNS.
func (c *Cluster) startCloud(ctx context.Context) error {
	c.Hangzhou = &Instance{
		Name:           "hangzhou",
		PublicEndpoint: "a-registry.cn-hangzhou.cr.aliyuncs.com", Public: hangzhouPublic,
		Realm:            "dockerauth.cn-hangzhou.aliyuncs.com",
		InternalEndpoint: "a-registry-vpc.cn-hangzhou.cr.aliyuncs.com", Internal: hangzhouInternal,
	}
	c.Zhangjiakou = &Instance{
		Name:           "zhangjiakou",
		PublicEndpoint: "b-registry.cn-zhangjiakou.cr.aliyuncs.com", Public: zhangjiakouPublic,
		Realm:            "dockerauth-cn-zhangjiakou.aliyuncs.com",
		InternalEndpoint: "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com", Internal: zhangjiakouInternal,
	}
	records := map[string]netip.Addr{Endpoint: zhangjiakouInternal}
	for _, i := range []*Instance{c.Hangzhou, c.Zhangjiakou} {
		var err error
		if i.Registry, err = standin.NewRegistry(c.Authority, Endpoint, i.PublicEndpoint, i.InternalEndpoint, i.Realm); err != nil {
			return err
		}
		if i.AccessLog, err = os.Create(c.AccessLog(i)); err != nil {
			return err
		}
		if err := i.Start(ctx); err != nil {
			return err
		}
		records[i.PublicEndpoint], records[i.InternalEndpoint], records[i.Realm] = i.Public, i.Internal, i.Public
	}
	var err error
	c.PrivateZone, err = standin.ServePrivateZone(ctx, records, net.JoinHostPort(vpcDNS1, "53"), net.JoinHostPort(vpcDNS2, "53"))
	return err
}

// AccessLog is the path of an instance's access log.
func (c *Cluster) AccessLog(i *Instance) string {
	return filepath.Join(c.Logs, "registry-"+i.Name+".log")
}

// Start serves at the instance's two addresses, also after Close.
func (i *Instance) Start(ctx context.Context) error {
	return i.Listen(ctx, netip.AddrPortFrom(i.Internal, 443).String(), netip.AddrPortFrom(i.Public, 443).String())
}
