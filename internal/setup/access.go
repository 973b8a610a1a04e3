package setup

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks/cloud"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// The kind of endpoint that is on the Internet, as ACR writes it.
const internet = "internet"

// comment stands beside the entries that are added.
const comment = "registry-failover"

// publicAccess plans what lets the cluster in from the Internet.
func (p *planner) publicAccess(i config.Instance) {
	ways := p.of(i).Ways
	if ways.Err != nil {
		return
	}
	e, _ := ways.Value.Endpoint(internet)
	subject := i.Name + "/public"
	enable := alibaba.EnablePublicAccess(i.ID, i.Region)
	switch {
	case !e.Enabled && len(p.given.Egress) == 0:
		p.wait(Waiting{
			Check: cloud.CodePublicAccess, Subject: subject, Action: enable.Action(), For: "--egress IP",
			Why: "public access is off, and it isn't known which addresses it shall let in",
		})
	case !e.Enabled:
		p.step(Step{
			Call: enable, Check: cloud.CodePublicAccess, Why: fmt.Sprintf("public access to %s is off: it can't be pulled from over the Internet", i.Name),
			Opens: "the public endpoint, to the addresses of its list, and to everybody while that is empty; what isn't public needs a password all the same",
		})
		p.admit(i, e, enable)
	case !e.Limited(): // the first entry of an empty list would shut out whoever is let in now
		p.warn(cloud.CodePublicAccess, "nobody is let in who needn't be", subject, fmt.Sprintf("the public endpoint of %s lets in every address", i.ID),
			"add entries to its list in ACR's console, if that isn't meant so")
	case len(p.given.Egress) == 0:
		p.wait(Waiting{
			Check: cloud.CodePublicAccess, Subject: subject, Action: "CreateInstanceEndpointAclPolicy", For: "--egress IP",
			Why: "the public endpoint lets in some addresses only, and it isn't known which ones the cluster has",
		})
	default:
		p.admit(i, e)
	}
}

// admit plans entries for the cluster's addresses that the list doesn't hold.
func (p *planner) admit(i config.Instance, e alibaba.Endpoint, after ...alibaba.RegistryCall) {
	for _, addr := range p.given.Egress {
		if len(e.ACL) > 0 && (alibaba.Endpoint{Restricted: true, ACL: e.ACL}).Admits(addr) {
			continue
		}
		p.step(Step{
			Call:  alibaba.AdmitAddresses(i.ID, i.Region, netip.PrefixFrom(addr, addr.BitLen()), comment),
			Check: cloud.CodePublicAccess, After: after,
			Why:   fmt.Sprintf("the public endpoint of %s doesn't let in %s", i.Name, addr),
			Opens: fmt.Sprintf("the public endpoint, to everybody behind %s", addr),
		})
	}
}

// vpcLink plans an address for the instance in its VPC. One that is used over the
// Internet by itself gets it only where somebody has said in which vSwitch.
func (p *planner) vpcLink(i config.Instance) {
	ways := p.of(i).Ways
	linked := func(v alibaba.LinkedVPC) bool { return v.VPC == i.VPCID }
	if ways.Err != nil || i.VPCID == "" || slices.ContainsFunc(ways.Value.VPCs, linked) {
		return
	}
	vSwitch := p.given.VSwitches[i.Name]
	call := alibaba.LinkVPC(i.ID, i.Region, i.VPCID, vSwitch)
	why := fmt.Sprintf("%s has no address in %s: it can't be reached there", i.Name, i.VPCID)
	switch {
	case vSwitch == "" && i.Network == zone.Public:
		return
	case vSwitch == "":
		p.wait(Waiting{
			Check: cloud.CodeVPCLink, Subject: i.Name + "/internal", Action: call.Action(), Why: why,
			For: fmt.Sprintf("--vswitch %s=ID of a vSwitch in %s", i.Name, i.VPCID),
		})
		return
	}
	p.step(Step{
		Call: call, Check: cloud.CodeVPCLink, Why: why,
		Opens: fmt.Sprintf("the instance, to all of %s and what is routed to it; it takes one address of %s. PrivateZone stays as it is: what leads there is yours to decide", i.VPCID, vSwitch),
	})
}
