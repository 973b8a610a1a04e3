package cloud

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

func TestZones(t *testing.T) {
	const (
		primary = "ok |  | in vpc-bbbbb the name leads to the primary zhangjiakou"
		zoneA   = "ok | zone-a | made by a user, bound to vpc-aaaaa, leads to A 10.1.0.10"
		zoneB   = "ok | zone-b | made by a user, bound to vpc-bbbbb, leads to A 10.2.0.10"
	)
	source := []string{"source: VPCDNS", "source: API", "endpoints:\n", "credentials: {provider: ECSRAMRole}\nendpoints:\n"}
	writeBack := append([]string{}, source...)
	writeBack[1] = "source: API, writeBack: true"
	playAll(t, CodeZones, map[string]situation{
		"the cluster's zone leads to the primary": {want: []string{primary, zoneA, zoneB}},
		"no zone is bound to the cluster's VPC": {change: func(c *cloudOf) { c.zones = c.zones[:1] }, want: []string{
			"failed |  | no zone named cross-region.registry.io is bound to the VPC vpc-bbbbb", zoneA,
		}},
		"two are": {change: func(c *cloudOf) { c.zones[0].VPCs = c.zones[1].VPCs }, want: []string{
			"failed |  | 2 zones named cross-region.registry.io are bound to the VPC vpc-bbbbb: unbind all but one",
			"ok | zone-a | made by a user, bound to vpc-bbbbb, leads to A 10.1.0.10", zoneB,
		}},
		"it is empty": {change: func(c *cloudOf) { c.zones[1].Records = nil }, want: []string{
			"failed |  | zone zone-b of the VPC vpc-bbbbb has no record at @ that leads somewhere", zoneA,
			"ok | zone-b | made by a user, bound to vpc-bbbbb, leads to nowhere",
		}},
		"it leads to the standby": {change: func(c *cloudOf) {
			c.zones[1].Records = []alibaba.Record{{Target: "a-registry.cn-hangzhou.cr.aliyuncs.com"}}
		}, want: []string{
			"warning |  | the zone of the VPC vpc-bbbbb leads to a-registry.cn-hangzhou.cr.aliyuncs.com, the instance hangzhou, and not to the primary zhangjiakou", zoneA,
			"ok | zone-b | made by a user, bound to vpc-bbbbb, leads to CNAME a-registry.cn-hangzhou.cr.aliyuncs.com",
		}},
		"a loopback, which nobody can be": {change: func(c *cloudOf) { c.zones[1].Records[0].Addr = netip.MustParseAddr("127.0.0.1") }, want: []string{
			"failed |  | zone zone-b of the VPC vpc-bbbbb: the address 127.0.0.1 is a loopback address",
			"failed |  | zone zone-b of the VPC vpc-bbbbb has no record at @ that leads somewhere", zoneA,
			"ok | zone-b | made by a user, bound to vpc-bbbbb, leads to A 127.0.0.1",
		}},
		"the standby's address is the zone's, which is missing": {
			replace: append([]string{"    internalAddresses: [10.1.0.10]\n", ""}, source...), change: func(c *cloudOf) { c.zones = c.zones[1:] }, want: []string{
				"warning |  | no zone named cross-region.registry.io is bound to the VPC vpc-aaaaa: the address that ACR has there is taken", primary, zoneB,
			},
		},
		"which ACR doesn't know either": {
			replace: append([]string{"    internalAddresses: [10.1.0.10]\n", ""}, source...), change: func(c *cloudOf) {
				c.zones = c.zones[1:]
				i := c.instances[a]
				i.VPCs = nil
				c.instances[a] = i
			}, want: []string{"failed |  | no zone named cross-region.registry.io is bound to the VPC vpc-aaaaa", primary, zoneB},
		},
		"a zone that a service has made": {change: func(c *cloudOf) { c.zones[1].ByService = true }, want: []string{
			primary, zoneA, "ok | zone-b | made by a service, bound to vpc-bbbbb, leads to A 10.2.0.10",
		}},
		"which isn't written back": {replace: writeBack, change: func(c *cloudOf) { c.zones[1].ByService = true }, want: []string{
			"failed | zone-b | a service has made the zone of vpc-bbbbb, and privateZone.writeBack writes into none of those",
			primary, zoneA, "ok | zone-b | made by a service, bound to vpc-bbbbb, leads to A 10.2.0.10",
		}},
		"a zone that is bound to nobody": {change: func(c *cloudOf) { c.zones[0].VPCs = nil }, want: []string{
			primary, "ok | zone-a | made by a user, bound to no VPC, leads to A 10.1.0.10", zoneB,
		}},
		"the configuration doesn't say the VPC": {replace: []string{"vpcID: vpc-bbbbb, region", "region"}, want: []string{
			"unknown |  | not looked at: the configuration doesn't say the cluster's VPC",
		}},
		"a right that is missing": {change: func(c *cloudOf) { c.errs["ReadZones"] = denied("pvtz", "DescribeZones") }, want: []string{
			"unknown |  | not looked at: the right pvtz:DescribeZones is missing",
		}},
		"the primary can't be read": {change: func(c *cloudOf) { c.errs["ReadInstance "+b] = errors.New("away") }, want: []string{primary, zoneA, zoneB}},
	})
}
