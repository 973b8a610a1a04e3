package cloudreader

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// compare reports where what ACR says of an instance isn't what is relied on.
func (r *Result) compare(in Input, i zone.Instance) {
	said, read := in.Instances[i.Name]
	if !read {
		return
	}
	carries := false
	for _, e := range said.Endpoints {
		carries = carries || slices.Contains(e.Custom, in.Endpoint.Name)
		if !e.Enabled && (e.Type == "internet") == (i.Network == zone.Public) {
			r.find(Disabled, "instance %s: its %s endpoint is disabled: enable it in ACR, or choose the other network", i.Name, i.Network)
		}
	}
	if !carries {
		r.find(NoCustomDomain, "instance %s doesn't carry the custom domain %s: add it in ACR", i.Name, in.Endpoint.Name)
	}
	of, used := r.internal(i)
	has := linked(said, i.VPC)
	if len(used) > 0 && len(has) > 0 && !overlap(used, has) {
		r.find(Disagreement, "instance %s: %s %s, but ACR has %s in the VPC %s", i.Name, of, join(used), join(has), i.VPC)
	}
}

// internal are the addresses that an instance is reached by, and what says so.
func (r *Result) internal(i zone.Instance) (of string, addrs []netip.Addr) {
	if len(i.InternalAddrs) > 0 {
		return "the configuration has", i.InternalAddrs
	}
	return fmt.Sprintf("the zone of the VPC %s has", i.VPC), r.Zones[i.VPC].Addrs
}

// judgeTarget tells the instance that the cluster's zone leads to.
func (r *Result) judgeTarget(in Input) {
	records, known := r.Zones[in.Endpoint.VPC]
	if !known {
		return
	}
	for _, i := range in.Endpoint.Instances {
		if r.leadsTo(in, records, i) {
			r.Target = i.Name
			break
		}
	}
	where := records.CNAME
	if where == "" {
		where = join(records.Addrs)
	}
	switch r.Target {
	case in.Primary:
	case "":
		r.find(NotPrimary, "the zone of the VPC %s leads to %s, which is no instance's that is known", in.Endpoint.VPC, where)
	default:
		r.find(NotPrimary, "the zone of the VPC %s leads to %s, the instance %s, and not to the primary %s", in.Endpoint.VPC, where, r.Target, in.Primary)
	}
}

// leadsTo compares with what ACR has for the instance, with its fixed addresses,
// and with the zone of its VPC where that is another than the cluster's.
func (r *Result) leadsTo(in Input, records zone.Records, i zone.Instance) bool {
	if records.CNAME != "" {
		return records.CNAME == i.PublicEndpoint
	}
	for _, v := range in.Instances[i.Name].VPCs {
		if slices.Contains(records.Addrs, v.Addr.Unmap()) {
			return true
		}
	}
	own := i.InternalAddrs
	if len(own) == 0 && i.VPC != in.Endpoint.VPC {
		own = r.Zones[i.VPC].Addrs
	}
	return overlap(records.Addrs, own)
}

func overlap(a, b []netip.Addr) bool {
	return slices.ContainsFunc(a, func(addr netip.Addr) bool { return slices.Contains(b, addr) })
}

func join(addrs []netip.Addr) string {
	texts := make([]string, len(addrs))
	for i, a := range addrs {
		texts[i] = a.String()
	}
	return strings.Join(texts, ", ")
}
