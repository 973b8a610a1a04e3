package zone

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Answer is what a shared endpoint resolves to.
type Answer struct {
	// Target is what the switch chose for the node that asked.
	Target Target
	// CNAME is the name that the endpoint is an alias of, lowercase and without
	// a final dot; empty when the addresses are the endpoint's own.
	CNAME string
	// Addrs are never empty and never of a kind that CheckAddr refuses.
	Addrs []netip.Addr
	// TTL is for every record of the answer.
	TTL time.Duration
}

// Equal says whether both are the same answer, with the addresses in the same order.
func (a Answer) Equal(b Answer) bool {
	return a.Target == b.Target && a.CNAME == b.CNAME && a.TTL == b.TTL && slices.Equal(a.Addrs, b.Addrs)
}

// Answer computes what the endpoint resolves to on a node; the DNS Service asks
// with an empty node name. An error means that no address is known for the
// target: whoever gets one keeps the answer it has and reports the error.
func (e Endpoint) Answer(sw Switch, st State, node string) (Answer, error) {
	target := sw.Target(e.Name, node)
	records, err := e.Records(target, st)
	if err != nil {
		return Answer{}, fmt.Errorf("endpoint %q: %s: %w", e.Name, target, err)
	}
	if records.CNAME == e.Name {
		return Answer{}, fmt.Errorf("endpoint %q: %s: the CNAME record leads back to its own name", e.Name, target)
	}
	addrs := usable(records.Addrs)
	if len(addrs) == 0 && records.CNAME != "" {
		addrs = usable(st.Hosts[records.CNAME].Addrs)
	}
	if len(addrs) == 0 {
		return Answer{}, fmt.Errorf("endpoint %q: %s: no usable address is known%s", e.Name, target, behind(records.CNAME))
	}
	return Answer{Target: target, CNAME: records.CNAME, Addrs: addrs, TTL: e.TTL}, nil
}

// Records are those that PrivateZone has, or would have after the manual
// procedure: a CNAME to the public endpoint, or the internal addresses. There
// are none where none are known.
func (e Endpoint) Records(t Target, st State) (Records, error) {
	if t.FollowsPrivateZone() {
		return st.Zones[e.VPC], nil
	}
	instance, known := e.Instance(t.Instance)
	switch {
	case !known:
		return Records{}, fmt.Errorf("the instance is not configured")
	case t.Network == Public:
		return Records{CNAME: instance.PublicEndpoint}, nil
	case len(instance.InternalAddrs) > 0:
		return Records{Addrs: instance.InternalAddrs}, nil
	// The zone of the cluster's own VPC has the record that the manual failover
	// edits: it doesn't tell where the instances of this VPC are.
	case instance.VPC == e.VPC && len(usable(st.Linked[instance.Name])) > 0:
		return Records{Addrs: st.Linked[instance.Name]}, nil
	}
	return st.Zones[instance.VPC], nil
}

func behind(cname string) string {
	if cname == "" {
		return ""
	}
	return " for " + cname
}

// Hosts lists the names that have to be looked up so that every target of the
// endpoint can be answered: the public endpoints and the CNAMEs of its zones.
func (e Endpoint) Hosts(st State) []string {
	var hosts []string
	seen := map[string]bool{"": true, e.Name: true}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			hosts = append(hosts, name)
		}
	}
	for _, i := range e.Instances {
		add(i.PublicEndpoint)
	}
	add(st.Zones[e.VPC].CNAME)
	for _, i := range e.Instances {
		add(st.Zones[i.VPC].CNAME)
	}
	return hosts
}
