package cloudreader

import (
	"net/netip"
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Input is what is known of one endpoint.
type Input struct {
	Endpoint zone.Endpoint
	// Primary is the name of the instance that the cluster normally pulls from.
	Primary string
	// Zones are all of the endpoint's name, from one complete reading.
	Zones []alibaba.Zone
	// Instances are by their names in the configuration; one that couldn't be read is missing.
	Instances map[string]alibaba.Instance
	// Published is what stands in the state now.
	Published map[string]zone.Records
}

// Result is what to publish, and what to look at.
type Result struct {
	// Zones has the cluster's VPC and those of instances whose address isn't
	// fixed, where anything is known of them.
	Zones map[string]zone.Records
	// Target is the instance that the zone of the cluster's VPC leads to, empty
	// where that can't be told.
	Target   string
	Findings []Finding
}

// Merge computes what to publish. An instance's internal address is the fixed
// one where there is one, which isn't published; else that of the zone in its
// VPC; else that which ACR has there; else the one that is published already.
func Merge(in Input) Result {
	r := Result{Zones: map[string]zone.Records{}}
	for _, vpc := range vpcs(in.Endpoint) {
		records, found := r.read(in, vpc)
		if !found && vpc != in.Endpoint.VPC { // there, only PrivateZone tells what PrivateZone answers
			records, found = fromRegistry(in, vpc)
		}
		if !found {
			records, found = in.Published[vpc]
		}
		if found {
			r.Zones[vpc] = records
		}
	}
	for _, i := range in.Endpoint.Instances {
		r.compare(in, i)
	}
	r.judgeTarget(in)
	return r
}

// vpcs are those whose zones count, the cluster's first.
func vpcs(e zone.Endpoint) []string {
	all := []string{e.VPC}
	for _, i := range e.Instances {
		if i.VPC != "" && len(i.InternalAddrs) == 0 && !slices.Contains(all, i.VPC) {
			all = append(all, i.VPC)
		}
	}
	return all
}

// read takes what the zone in a VPC has.
func (r *Result) read(in Input, vpc string) (zone.Records, bool) {
	var bound []alibaba.Zone
	for _, z := range in.Zones {
		if slices.ContainsFunc(z.VPCs, func(v alibaba.VPC) bool { return v.ID == vpc }) {
			bound = append(bound, z)
		}
	}
	switch {
	case len(bound) == 0:
		r.find(NoZone, "no zone named %s is bound to the VPC %s%s", in.Endpoint.Name, vpc, stays(in, vpc))
		return zone.Records{}, false
	case len(bound) > 1:
		r.find(AmbiguousZone, "%d zones named %s are bound to the VPC %s: unbind all but one%s", len(bound), in.Endpoint.Name, vpc, stays(in, vpc))
		return zone.Records{}, false
	}
	z := bound[0]
	for _, sentence := range z.Ignored {
		r.find(IgnoredRecord, "zone %s of the VPC %s: not taken into account: %s", z.ID, vpc, sentence)
	}
	var records zone.Records
	for _, record := range z.Records {
		if record.Target != "" {
			return zone.Records{CNAME: record.Target}, true
		}
		if err := zone.CheckAddr(record.Addr); err != nil {
			r.find(UnusableAddress, "zone %s of the VPC %s: the address %s %s", z.ID, vpc, record.Addr, err)
			continue
		}
		records.Addrs = append(records.Addrs, record.Addr.Unmap())
	}
	if len(records.Addrs) == 0 {
		r.find(EmptyZone, "zone %s of the VPC %s has no record at @ that leads somewhere%s", z.ID, vpc, stays(in, vpc))
		return zone.Records{}, false
	}
	slices.SortFunc(records.Addrs, netip.Addr.Compare)
	return records, true
}

func stays(in Input, vpc string) string {
	if _, known := in.Published[vpc]; known {
		return ": what was known of it stays"
	}
	return ""
}

// fromRegistry gives the addresses that ACR has in a VPC for the instances that live there.
func fromRegistry(in Input, vpc string) (zone.Records, bool) {
	var records zone.Records
	for _, i := range in.Endpoint.Instances {
		if i.VPC == vpc {
			records.Addrs = append(records.Addrs, linked(in.Instances[i.Name], vpc)...)
		}
	}
	slices.SortFunc(records.Addrs, netip.Addr.Compare)
	return records, len(records.Addrs) > 0
}

// linked are an instance's usable addresses in a VPC.
func linked(i alibaba.Instance, vpc string) []netip.Addr {
	var addrs []netip.Addr
	for _, v := range i.VPCs {
		if v.VPC == vpc && v.Running && zone.CheckAddr(v.Addr) == nil {
			addrs = append(addrs, v.Addr.Unmap())
		}
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return slices.Compact(addrs)
}
