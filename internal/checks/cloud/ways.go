package cloud

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// kindOf is how ACR calls the endpoint of a network.
func kindOf(n zone.Network) string {
	if n == zone.Public {
		return "internet"
	}
	return "vpc"
}

// vpcLink looks at instances that are reached in a VPC, be it only when the switch
// says so.
func vpcLink(v view) []checks.Finding {
	var all []checks.Finding
	for _, i := range v.Endpoint.Instances {
		if i.Network != zone.Internal && i.VPCID == "" && len(i.InternalAddresses) == 0 {
			continue
		}
		subject := i.Name + "/internal"
		ways := v.of(i).Ways
		if ways.Err != nil {
			all = append(all, unknown(subject, ways.Err))
			continue
		}
		all = append(all, v.linked(i, ways.Value, subject))
	}
	if len(all) == 0 {
		all = append(all, ok("", "no instance is reached in a VPC"))
	}
	return all
}

func (v view) linked(i config.Instance, ways alibaba.Instance, subject string) checks.Finding {
	// Where the network isn't the one that the instance is used over by itself,
	// nothing fails before somebody chooses it.
	level := checks.Failed
	if i.Network != zone.Internal {
		level = checks.Warning
	}
	if e, there := ways.Endpoint("vpc"); there && !e.Enabled {
		return find(level, subject, fmt.Sprintf("the endpoint of %s in VPCs is disabled", i.ID), "enable it in ACR's console")
	}
	var has []string
	var making, mismatch string
	for _, l := range ways.VPCs {
		has = append(has, strings.TrimSpace(l.VPC+" "+text(l.Addr)))
		fixed := slices.Contains(i.InternalAddresses, text(l.Addr))
		switch {
		case i.VPCID != "" && l.VPC != i.VPCID, i.VPCID == "" && !fixed:
		case !l.Running:
			making = l.VPC
		case len(i.InternalAddresses) > 0 && !fixed:
			mismatch = text(l.Addr)
		case l.Issue != "":
			return find(checks.Warning, subject, fmt.Sprintf("%s is linked to %s with the address %s, but ACR tells of %s there", i.ID, l.VPC, l.Addr, l.Issue),
				"look at the zones of this VPC in PrivateZone's console, and at ACR's page of the instance's VPCs")
		default:
			return ok(subject, "%s is linked to %s with the address %s", i.ID, l.VPC, l.Addr)
		}
	}
	linked := "it is linked to no VPC"
	if len(has) > 0 {
		linked = "it is linked to " + some(has)
	}
	switch {
	case making != "":
		return find(checks.Warning, subject, fmt.Sprintf("the address of %s in %s is being made", i.ID, making), "run this again in a few minutes")
	case mismatch != "":
		return find(level, subject, fmt.Sprintf("%s has the address %s in %s, but the configuration has %s", i.ID, mismatch, i.VPCID, some(i.InternalAddresses)),
			"set internalAddresses of the instance to what ACR has, and let it be reached there")
	case i.VPCID == "" && len(i.InternalAddresses) == 0:
		return find(checks.Unknown, subject, "the configuration says neither vpcID nor internalAddresses: "+linked, "set vpcID of the instance in the configuration")
	case i.VPCID == "":
		return find(level, subject, fmt.Sprintf("%s has none of the addresses %s: %s", i.ID, some(i.InternalAddresses), linked),
			"set internalAddresses of the instance to what ACR has, or its vpcID and link it: "+setup+" shows the call")
	default:
		return find(level, subject, fmt.Sprintf("%s isn't linked to %s: %s", i.ID, i.VPCID, linked),
			fmt.Sprintf("link it: %s --vswitch %s=ID, with a vSwitch of that VPC, shows the call", setup, i.Name))
	}
}

// text is empty for no address.
func text(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.Unmap().String()
}

// publicAccess looks at instances that are used over the Internet by themselves.
func publicAccess(v view) []checks.Finding {
	var all []checks.Finding
	for _, i := range v.Endpoint.Instances {
		if i.Network != zone.Public {
			continue
		}
		subject := i.Name + "/public"
		ways := v.of(i).Ways
		if ways.Err != nil {
			all = append(all, unknown(subject, ways.Err))
			continue
		}
		all = append(all, v.admits(i, ways.Value, subject)...)
	}
	if len(all) == 0 {
		all = append(all, ok("", "no instance is used over the Internet by itself"))
	}
	return all
}

func (v view) admits(i config.Instance, ways alibaba.Instance, subject string) []checks.Finding {
	e, there := ways.Endpoint("internet")
	switch {
	case !there || !e.Enabled:
		return []checks.Finding{find(checks.Failed, subject, fmt.Sprintf("the public endpoint of %s is disabled", i.ID), "enable it: "+setup+" shows the call")}
	case e.Status != "" && e.Status != "RUNNING":
		return []checks.Finding{find(checks.Warning, subject, fmt.Sprintf("the public endpoint of %s has the status %s", i.ID, e.Status), "run this again in a few minutes")}
	case !e.Limited():
		return []checks.Finding{ok(subject, "the public endpoint of %s lets in every address", i.ID)}
	case len(v.Egress) == 0:
		return []checks.Finding{find(checks.Warning, subject, fmt.Sprintf("the public endpoint of %s lets in %s only, and it isn't known which addresses the cluster has", i.ID, some(e.ACL)),
			"compare them with the cluster's NAT gateway, or give its addresses with --egress")}
	}
	var all []checks.Finding
	for _, addr := range v.Egress {
		if !e.Admits(addr) {
			all = append(all, find(checks.Failed, subject, fmt.Sprintf("the public endpoint of %s doesn't let in the cluster's address %s, only %s", i.ID, addr, some(e.ACL)),
				"add it to the list: "+setup+" shows the call"))
		}
	}
	if len(all) == 0 {
		all = append(all, ok(subject, "the public endpoint of %s lets in the cluster's addresses", i.ID))
	}
	return all
}
