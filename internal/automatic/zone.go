package automatic

import (
	"net/netip"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// oldestZone is the age from which it isn't known any more what PrivateZone gives: it
// is read every half minute.
const oldestZone = 3 * time.Minute

// A PrivateZone tells what PrivateZone gives in this cluster's VPC: what a return leads to.
type PrivateZone struct {
	// ReadAt tells when an endpoint's zones, which are in the state, were last read
	// over the cloud's API; nil where DNS is asked.
	ReadAt func(endpoint string) time.Time
	// Original gives what the record was before this cluster has written it, whether it
	// has, and whether that is known at all; nil where it is never written, or where the state
	// has the originals.
	Original func(endpoint string) (original zone.Records, written, known bool)
}

// read is what answers of the endpoint are computed of, and when it was seen that
// PrivateZone gives what it has of it; the zero time where that isn't known now.
func (p PrivateZone) read(e zone.Endpoint, state inputs.Object, l *learnt, now time.Time) (zone.State, time.Time) {
	st, err := zone.ParseState([]byte(state.Values[e.Name]))
	if err != nil { // whoever keeps it reports it
		st = zone.State{}
	}
	st.Hosts = l.hosts
	if p.ReadAt != nil {
		if _, there := st.Zones[e.VPC]; !there {
			return st, time.Time{}
		}
		return st, recent(p.ReadAt(e.Name), now)
	}
	found := l.zones[e.Name]
	found.at = recent(found.at, now)
	if p.Original != nil {
		original, written, told := p.Original(e.Name)
		if written { // what DNS gives is the failover's
			found = looked{original, now}
			told = told && (original.CNAME != "" || len(original.Addrs) > 0)
		}
		if !told {
			found.at = time.Time{}
		}
	}
	st.Zones = map[string]zone.Records{e.VPC: found.records}
	return st, found.at
}

// recent is a time of which what was seen counts still, else zero.
func recent(at, now time.Time) time.Time {
	if now.Sub(at) > oldestZone {
		return time.Time{}
	}
	return at
}

// leadsTo is the instance that PrivateZone's record leads to, and by which network; the
// zero value is none of them.
func leadsTo(e zone.Endpoint, c config.Endpoint, st zone.State) zone.Target {
	records := st.Zones[e.VPC]
	for n, i := range e.Instances {
		switch {
		case records.CNAME != "" && records.CNAME == i.PublicEndpoint:
			return zone.Target{Instance: i.Name, Network: zone.Public}
		case records.CNAME != "" && records.CNAME == c.Instances[n].InternalEndpoint:
			return zone.Target{Instance: i.Name, Network: zone.Internal}
		}
	}
	for _, network := range []zone.Network{zone.Internal, zone.Public} {
		for _, i := range e.Instances {
			if overlap(records.Addrs, addresses(e, i, network, st)) {
				return zone.Target{Instance: i.Name, Network: network}
			}
		}
	}
	return zone.Target{}
}

// addresses are those of an instance. The zone of the cluster's own VPC doesn't tell them: it
// has the record that is asked for.
func addresses(e zone.Endpoint, i zone.Instance, n zone.Network, st zone.State) []netip.Addr {
	switch {
	case n == zone.Public:
		return st.Hosts[i.PublicEndpoint].Addrs
	case len(i.InternalAddrs) > 0:
		return i.InternalAddrs
	case i.VPC == e.VPC:
		return st.Linked[i.Name]
	}
	return st.Zones[i.VPC].Addrs
}

func overlap(a, b []netip.Addr) bool {
	return slices.ContainsFunc(a, func(addr netip.Addr) bool { return slices.Contains(b, addr) })
}
