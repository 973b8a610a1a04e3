package cloudreader

import (
	"net/netip"
	"slices"
	"time"

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
	// Unread are the instances whose last reading failed, by their names.
	Unread map[string]Unread
	// Published is what stands in the state now, of zones and linked addresses.
	Published zone.State
}

// Unread tells why an instance couldn't be read, and of when what is known of it is.
type Unread struct {
	Since time.Time // zero where nothing is known
	Err   error
}

// Result is what to publish, and what to look at.
type Result struct {
	// Zones has the cluster's VPC and those of instances whose address isn't
	// fixed, where anything is known of them.
	Zones map[string]zone.Records
	// Linked has the addresses that ACR has in the cluster's VPC for instances that
	// live there, whose address isn't fixed.
	Linked map[string][]netip.Addr
	// Target is the instance that the zone of the cluster's VPC leads to, and by which
	// network; the zero value where that can't be told.
	Target   zone.Target
	Findings []Finding
}

// Merge computes what to publish. An instance's internal address is the fixed
// one where there is one, which isn't published; else that of the zone in its
// VPC; else that which ACR has there; else the one that is published already,
// which also stays while a zone is there that is empty or ambiguous. In the
// cluster's own VPC, ACR counts before the zone: that has the record which a person
// edits in the manual failover, and a switch to the primary must not follow it.
func Merge(in Input) Result {
	r := Result{Zones: map[string]zone.Records{}, Linked: map[string][]netip.Addr{}}
	for _, i := range in.Endpoint.Instances {
		if i.VPC == "" || i.VPC != in.Endpoint.VPC || len(i.InternalAddrs) > 0 {
			continue
		}
		addrs := in.Published.Linked[i.Name]
		if said, read := in.Instances[i.Name]; read {
			addrs = linked(said, i.VPC)
		}
		if len(addrs) > 0 {
			r.Linked[i.Name] = addrs
		}
	}
	for _, vpc := range vpcs(in.Endpoint) {
		if records, found := r.read(in, vpc); found {
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

// read takes what the zone in a VPC has, or what counts instead of it.
func (r *Result) read(in Input, vpc string) (zone.Records, bool) {
	zones := in.bound(vpc)
	last, found, sentence := instead(in, vpc, len(zones))
	switch {
	case len(zones) == 0:
		r.find(NoZone, "no zone named %s is bound to the VPC %s%s", in.Endpoint.Name, vpc, sentence)
		return last, found
	case len(zones) > 1:
		r.find(AmbiguousZone, "%d zones named %s are bound to the VPC %s: unbind all but one%s", len(zones), in.Endpoint.Name, vpc, sentence)
		return last, found
	}
	z := zones[0]
	for _, ignored := range z.Ignored {
		r.find(IgnoredRecord, "zone %s of the VPC %s: not taken into account: %s", z.ID, vpc, ignored)
	}
	var records zone.Records
	for _, record := range z.Records {
		switch err := zone.CheckAddr(record.Addr); {
		case record.Target == in.Endpoint.Name:
			r.find(UnusableAddress, "zone %s of the VPC %s: the CNAME leads back to its own name", z.ID, vpc)
		case record.Target != "":
			return zone.Records{CNAME: record.Target}, true
		case err != nil:
			r.find(UnusableAddress, "zone %s of the VPC %s: the address %s %s", z.ID, vpc, record.Addr, err)
		default:
			records.Addrs = append(records.Addrs, record.Addr.Unmap())
		}
	}
	if len(records.Addrs) == 0 {
		r.find(EmptyZone, "zone %s of the VPC %s has no record at @ that leads somewhere%s", z.ID, vpc, sentence)
		return last, found
	}
	slices.SortFunc(records.Addrs, netip.Addr.Compare)
	return records, true
}

// bound are the zones in a VPC.
func (in Input) bound(vpc string) []alibaba.Zone {
	var zones []alibaba.Zone
	for _, z := range in.Zones {
		if slices.ContainsFunc(z.VPCs, func(v alibaba.VPC) bool { return v.ID == vpc }) {
			zones = append(zones, z)
		}
	}
	return zones
}

// FromACR ends the text of a finding about a zone where an instance's address is known
// all the same.
const FromACR = "the address that ACR has there is taken"

// instead gives what counts where the zones of a VPC don't tell, and how the
// sentence ends that says so.
func instead(in Input, vpc string, zones int) (records zone.Records, found bool, sentence string) {
	last, known := in.Published.Zones[vpc]
	said, has := fromRegistry(in, vpc)
	switch {
	case has && vpc != in.Endpoint.VPC && // there, only PrivateZone tells what PrivateZone answers
		(zones == 0 || !known): // what a zone has had counts until somebody has put it in order
		return said, true, ": " + FromACR
	case known:
		return last, true, ": what was known of it stays"
	default:
		return zone.Records{}, false, ""
	}
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
