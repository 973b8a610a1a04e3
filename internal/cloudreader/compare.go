package cloudreader

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// compare reports where two of the configuration, the zones and ACR tell
// different things of an instance.
func (r *Result) compare(in Input, i zone.Instance) {
	if u, failed := in.Unread[i.Name]; failed && u.Since.IsZero() {
		r.find(NotRead, "instance %s: ACR could not be read yet: %s", i.Name, u.Err)
	} else if failed {
		r.find(NotRead, "instance %s: what ACR said at %s stays: %s", i.Name, u.Since.UTC().Format(time.RFC3339), u.Err)
	}
	said, read := in.Instances[i.Name]
	if i.VPC != in.Endpoint.VPC { // of the cluster's, judgeTarget tells
		r.compareZone(in, i, said)
	}
	if !read {
		return
	}
	for _, e := range said.Endpoints {
		public := e.Type == "internet"
		if !e.Enabled && public == (i.Network == zone.Public) {
			r.find(Disabled, "instance %s: its %s endpoint is disabled: enable it in ACR, or choose the other network", i.Name, i.Network)
		}
		if public && len(e.Hosts) > 0 && !slices.Contains(slices.Concat(e.Hosts, e.Custom), i.PublicEndpoint) {
			r.find(Disagreement, "instance %s: the configuration has the public endpoint %s, but ACR has %s", i.Name, i.PublicEndpoint, strings.Join(e.Hosts, ", "))
		}
	}
	if !said.Carries(in.Endpoint.Name) {
		r.find(NoCustomDomain, "instance %s doesn't carry the custom domain %s: add it in ACR", i.Name, in.Endpoint.Name)
	}
	of, used := r.internal(i)
	has := linked(said, i.VPC)
	if len(used) > 0 && len(has) > 0 && !overlap(used, has) {
		r.find(Disagreement, "instance %s: %s %s, but ACR has %s in the VPC %s", i.Name, of, join(used), join(has), i.VPC)
	}
}

// compareZone looks at the zone of an instance's VPC: it should have the fixed
// addresses, where there are any, and lead to nobody else.
func (r *Result) compareZone(in Input, i zone.Instance, said alibaba.Instance) {
	if len(i.InternalAddrs) > 0 {
		var has []netip.Addr
		for _, z := range in.bound(i.VPC) {
			for _, record := range z.Records {
				if record.Target == "" {
					has = append(has, record.Addr.Unmap())
				}
			}
		}
		if len(has) > 0 && !overlap(has, i.InternalAddrs) {
			r.find(Disagreement, "instance %s: the configuration has %s, but the zone of the VPC %s has %s", i.Name, join(i.InternalAddrs), i.VPC, join(has))
		}
		return
	}
	target := r.Zones[i.VPC].CNAME
	own := func(e alibaba.Endpoint) bool { return e.Type != "internet" && slices.Contains(e.Hosts, target) }
	if target != "" && !slices.ContainsFunc(said.Endpoints, own) {
		r.find(Disagreement, "instance %s: the zone of the VPC %s leads to %s, which is no internal name of it: a switch to %s/internal follows that", i.Name, i.VPC, target, i.Name)
	}
}

// internal are the addresses that an instance is reached by, and what says so.
func (r *Result) internal(i zone.Instance) (of string, addrs []netip.Addr) {
	switch {
	case len(i.InternalAddrs) > 0:
		return "the configuration has", i.InternalAddrs
	case len(r.Linked[i.Name]) > 0:
		return "ACR has", r.Linked[i.Name]
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
			r.Target = zone.Target{Instance: i.Name, Network: zone.Internal}
			if records.CNAME != "" {
				r.Target.Network = zone.Public
			}
			break
		}
	}
	where := records.CNAME
	if where == "" {
		where = join(records.Addrs)
	}
	primary, unread := in.Unread[in.Primary]
	switch r.Target.Instance {
	case in.Primary:
	case "":
		if unread && primary.Since.IsZero() && records.CNAME == "" && len(r.Linked[in.Primary]) == 0 { // it may be the primary's: NotRead tells
			return
		}
		r.find(NotPrimary, "the zone of the VPC %s leads to %s, which is no instance's that is known", in.Endpoint.VPC, where)
	default:
		r.find(NotPrimary, "the zone of the VPC %s leads to %s, the instance %s, and not to the primary %s", in.Endpoint.VPC, where, r.Target.Instance, in.Primary)
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
	switch {
	case len(own) > 0:
	case i.VPC == in.Endpoint.VPC:
		own = r.Linked[i.Name]
	default:
		own = r.Zones[i.VPC].Addrs
	}
	return overlap(records.Addrs, own)
}

func overlap(a, b []netip.Addr) bool {
	return slices.ContainsFunc(a, func(addr netip.Addr) bool { return slices.Contains(b, addr) })
}

// join lists the first few, as many as a sentence bears.
func join(addrs []netip.Addr) string {
	const few = 8
	var texts []string
	for _, a := range addrs[:min(few, len(addrs))] {
		texts = append(texts, a.String())
	}
	if more := len(addrs) - few; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, ", ")
}
