package cloud

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

func TestCustomDomain(t *testing.T) {
	carries := "ok | zhangjiakou | cri-bbbbb carries the domain"
	playAll(t, CodeCustomDomain, map[string]situation{
		"both carry it": {want: []string{"ok | hangzhou | cri-aaaaa carries the domain", carries}},
		"the standby doesn't": {change: func(c *cloudOf) {
			c.instances[a].Endpoints[0].Custom, c.instances[a].Endpoints[1].Custom = nil, []string{"other.test"}
		}, want: []string{"failed | hangzhou | cri-aaaaa doesn't carry the domain: it answers with another's certificate, or not at all", carries}},
		"only the other endpoint does": {change: func(c *cloudOf) { c.instances[a].Endpoints[1].Custom = nil }, want: []string{
			"warning | hangzhou | cri-aaaaa carries the domain, but not at its internal endpoint", carries,
		}},
		"a right that is missing": {change: func(c *cloudOf) { c.errs["ReadInstance "+a] = denied("cr", "ListInstanceEndpoint") }, want: []string{
			"unknown | hangzhou | not looked at: the right cr:ListInstanceEndpoint is missing", carries,
		}},
		"the API is away": {change: func(c *cloudOf) { c.errs["ReadInstance "+a] = errors.New("no route to host") }, want: []string{
			"unknown | hangzhou | not looked at: no route to host", carries,
		}},
	})
}

func TestEditions(t *testing.T) {
	with := func(id string, d alibaba.Description) func(*cloudOf) {
		return func(c *cloudOf) { c.descriptions[id] = d }
	}
	const hangzhou = "ok | hangzhou | runs, and its edition Enterprise_Advanced can copy images to others"
	const zhangjiakou = "ok | zhangjiakou | runs, and its edition Enterprise_Advanced can copy images to others"
	playAll(t, CodeEdition, map[string]situation{
		"both are Advanced": {want: []string{hangzhou, zhangjiakou}},
		"a Basic standby can't copy back": {change: with(a, alibaba.Description{Edition: alibaba.Basic, Status: "RUNNING"}), want: []string{
			"warning | hangzhou | its edition Enterprise_Basic can only be copied to: what is pushed to it during a failover isn't copied back", zhangjiakou,
		}},
		"a Basic primary can't be copied from": {change: with(b, alibaba.Description{Edition: alibaba.Basic, Status: "RUNNING"}), want: []string{
			hangzhou, "failed | zhangjiakou | its edition Enterprise_Basic can only be copied to: its images can't be copied to a standby",
		}},
		"a Standard one that has a rule": {change: with(b, alibaba.Description{Edition: alibaba.Standard, Status: "RUNNING"}), want: []string{
			hangzhou, "ok | zhangjiakou | runs, and its edition Enterprise_Standard can copy images to others",
		}},
		"a Standard one without": {change: func(c *cloudOf) {
			c.descriptions[b], c.rules[b] = alibaba.Description{Edition: alibaba.Standard, Status: "RUNNING"}, nil
		}, want: []string{hangzhou, "warning | zhangjiakou | ACR's documents don't tell for sure whether its edition Enterprise_Standard can copy images to others"}},
		"an edition that is new": {change: func(c *cloudOf) {
			c.descriptions[b], c.rules[b] = alibaba.Description{Edition: "Enterprise_Ultimate", Status: "RUNNING"}, nil
		}, want: []string{hangzhou, "warning | zhangjiakou | ACR's documents don't tell for sure whether its edition Enterprise_Ultimate can copy images to others"}},
		"one that is stopped": {change: with(a, alibaba.Description{Edition: alibaba.Advanced, Status: "STOPPED"}), want: []string{
			"failed | hangzhou | the instance has the status STOPPED", zhangjiakou,
		}},
		"a right that is missing": {change: func(c *cloudOf) { c.errs["DescribeInstance "+a] = denied("cr", "GetInstance") }, want: []string{
			"unknown | hangzhou | not looked at: the right cr:GetInstance is missing", zhangjiakou,
		}},
	})
}

func TestVPCLink(t *testing.T) {
	const hangzhou = "ok | hangzhou/internal | cri-aaaaa is linked to vpc-aaaaa with the address 10.1.0.10"
	const zhangjiakou = "ok | zhangjiakou/internal | cri-bbbbb is linked to vpc-bbbbb with the address 10.2.0.10"
	linked := func(vpcs ...alibaba.LinkedVPC) func(*cloudOf) {
		return func(c *cloudOf) {
			i := c.instances[a]
			i.VPCs = vpcs
			c.instances[a] = i
		}
	}
	link := func(vpc, addr string, running bool) alibaba.LinkedVPC {
		l := alibaba.LinkedVPC{VPC: vpc, Running: running}
		if addr != "" {
			l.Addr = netip.MustParseAddr(addr)
		}
		return l
	}
	noVPC := []string{"    vpcID: vpc-aaaaa\n", ""}
	playAll(t, CodeVPCLink, map[string]situation{
		"both are linked":                 {want: []string{hangzhou, zhangjiakou}},
		"to another VPC, too":             {change: linked(link("vpc-other", "10.9.0.1", true), link("vpc-aaaaa", "10.1.0.10", true)), want: []string{hangzhou, zhangjiakou}},
		"by the address, without a vpcID": {replace: noVPC, want: []string{hangzhou, zhangjiakou}},
		"none has the address":            {replace: noVPC, change: linked(link("vpc-aaaaa", "10.1.0.99", true)), want: []string{"failed | hangzhou/internal | cri-aaaaa has none of the addresses 10.1.0.10: it is linked to vpc-aaaaa 10.1.0.99", zhangjiakou}},
		"to no VPC":                       {change: linked(), want: []string{"failed | hangzhou/internal | cri-aaaaa isn't linked to vpc-aaaaa: it is linked to no VPC", zhangjiakou}},
		"to another VPC only":             {change: linked(link("vpc-other", "10.9.0.1", true)), want: []string{"failed | hangzhou/internal | cri-aaaaa isn't linked to vpc-aaaaa: it is linked to vpc-other 10.9.0.1", zhangjiakou}},
		"with another address":            {change: linked(link("vpc-aaaaa", "10.1.0.11", true)), want: []string{"failed | hangzhou/internal | cri-aaaaa has the address 10.1.0.11 in vpc-aaaaa, but the configuration has 10.1.0.10", zhangjiakou}},
		"with an issue": {change: func(c *cloudOf) { c.instances[a].VPCs[0].Issue = "PRIVATE_ZONE_CONFLICT_AT_zone-1" }, want: []string{
			"warning | hangzhou/internal | cri-aaaaa is linked to vpc-aaaaa with the address 10.1.0.10, but ACR tells of PRIVATE_ZONE_CONFLICT_AT_zone-1 there", zhangjiakou,
		}},
		"while the address is being made":   {change: linked(link("vpc-aaaaa", "", false)), want: []string{"warning | hangzhou/internal | the address of cri-aaaaa in vpc-aaaaa is being made", zhangjiakou}},
		"a disabled endpoint":               {change: func(c *cloudOf) { c.instances[a].Endpoints[1].Enabled = false }, want: []string{"failed | hangzhou/internal | the endpoint of cri-aaaaa in VPCs is disabled", zhangjiakou}},
		"one that is public by itself":      {replace: []string{"network: internal\n    vpcID: vpc-aaaaa", "network: public\n    vpcID: vpc-aaaaa"}, change: linked(), want: []string{"warning | hangzhou/internal | cri-aaaaa isn't linked to vpc-aaaaa: it is linked to no VPC", zhangjiakou}},
		"without an address and a vpcID":    {replace: []string{"    vpcID: vpc-aaaaa\n    internalAddresses: [10.1.0.10]\n", "", "network: internal\n    vpcID: vpc-b", "network: internal\n    vpcID: vpc-b", "cn-hangzhou.cr.aliyuncs.com\n    network: internal", "cn-hangzhou.cr.aliyuncs.com\n    network: public"}, want: []string{zhangjiakou}},
		"a right that is missing":           {change: func(c *cloudOf) { c.errs["ReadInstance "+a] = denied("cr", "GetInstanceVpcEndpoint") }, want: []string{"unknown | hangzhou/internal | not looked at: the right cr:GetInstanceVpcEndpoint is missing", zhangjiakou}},
		"all are reached over the Internet": {replace: []string{"network: internal", "network: public", "    vpcID: vpc-aaaaa\n    internalAddresses: [10.1.0.10]\n", "", "    vpcID: vpc-bbbbb\n    internalAddresses: [10.2.0.10]\n", ""}, want: []string{"ok |  | no instance is reached in a VPC"}},
	})
}

func TestPublicAccess(t *testing.T) {
	public := []string{"cn-hangzhou.cr.aliyuncs.com\n    network: internal", "cn-hangzhou.cr.aliyuncs.com\n    network: public"}
	limited := func(acl ...string) func(*cloudOf) {
		return func(c *cloudOf) {
			c.instances[a].Endpoints[0].Restricted, c.instances[a].Endpoints[0].ACL = true, acl
		}
	}
	playAll(t, CodePublicAccess, map[string]situation{
		"no instance is public by itself": {egress: []string{"192.0.2.1"}, want: []string{"ok |  | no instance is used over the Internet by itself"}},
		"everybody is let in":             {replace: public, egress: []string{"192.0.2.1"}, want: []string{"ok | hangzhou/public | the public endpoint of cri-aaaaa lets in every address"}},
		"nobody is, it is disabled": {replace: public, change: func(c *cloudOf) { c.instances[a].Endpoints[0].Enabled = false }, want: []string{
			"failed | hangzhou/public | the public endpoint of cri-aaaaa is disabled",
		}},
		"it is being opened": {replace: public, change: func(c *cloudOf) { c.instances[a].Endpoints[0].Status = "CREATING" }, want: []string{
			"warning | hangzhou/public | the public endpoint of cri-aaaaa has the status CREATING",
		}},
		"there is none": {replace: public, change: func(c *cloudOf) { c.instances[a].Endpoints[0].Type = "other" }, want: []string{
			"failed | hangzhou/public | the public endpoint of cri-aaaaa is disabled",
		}},
		"the cluster's addresses are let in": {replace: public, egress: []string{"192.0.2.1", "198.51.100.7"}, change: limited("192.0.2.0/24", "198.51.100.7"), want: []string{
			"ok | hangzhou/public | the public endpoint of cri-aaaaa lets in the cluster's addresses",
		}},
		"one of them isn't": {replace: public, egress: []string{"192.0.2.1", "198.51.100.7"}, change: limited("127.0.0.1/32", "192.0.2.0/24"), want: []string{
			"failed | hangzhou/public | the public endpoint of cri-aaaaa doesn't let in the cluster's address 198.51.100.7, only 127.0.0.1/32, 192.0.2.0/24",
		}},
		"nobody told the cluster's addresses": {replace: public, change: limited("192.0.2.0/24"), want: []string{
			"warning | hangzhou/public | the public endpoint of cri-aaaaa lets in 192.0.2.0/24 only, and it isn't known which addresses the cluster has",
		}},
		"a right that is missing": {replace: public, change: func(c *cloudOf) { c.errs["ReadInstance "+a] = denied("cr", "ListInstanceEndpoint") }, want: []string{
			"unknown | hangzhou/public | not looked at: the right cr:ListInstanceEndpoint is missing",
		}},
	})
}
