package prober

import (
	"net/netip"
	"strings"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// A target is one instance of an endpoint over one network.
type target struct {
	healthreport.Key
	health   health.Target
	expected Expected
	// repository and digest are the canary's; they are empty without one.
	repository, digest string
}

// unknown says that no address of the target is known.
func (t target) unknown() bool { return len(t.health.Addrs) == 0 && t.health.Name == "" }

// targets are all that the configuration gives: each word of the switch that names an
// instance leads to one. State is what has been learnt, by endpoint.
func targets(c *config.Config, state map[string]zone.State) []target {
	var all []target
	repository, digest := canary(c.Health.Canary)
	for n, e := range c.Zones() {
		names := map[string]string{}
		for _, i := range c.Endpoints[n].Instances {
			names[i.ID] = i.Name
		}
		for k, i := range e.Instances {
			base := target{
				Key:        healthreport.Key{Endpoint: e.Name, Instance: i.Name},
				expected:   Expected{ID: c.Endpoints[n].Instances[k].ID, Names: names, Slow: c.Health.Slow.Duration},
				repository: repository, digest: digest,
			}
			if len(i.InternalAddrs) > 0 || e.LearnsInternal && i.VPC != "" {
				addrs, name := inside(e, i, state[e.Name])
				all = append(all, base.over(zone.Internal, addrs, name))
			}
			all = append(all, base.over(zone.Public, nil, i.PublicEndpoint))
		}
	}
	return all
}

func (t target) over(n zone.Network, addrs []netip.Addr, name string) target {
	t.Network = n
	t.health = health.Target{Host: t.Endpoint, Addrs: addrs, Name: name}
	return t
}

// inside gives the internal addresses that an answer would have; where none is known,
// the name that leads to them: a zone may have a CNAME.
func inside(e zone.Endpoint, i zone.Instance, state zone.State) (addrs []netip.Addr, name string) {
	records, err := e.Records(zone.Target{Instance: i.Name, Network: zone.Internal}, state)
	if err != nil {
		return nil, ""
	}
	for _, a := range records.Addrs {
		if zone.CheckAddr(a) == nil {
			addrs = append(addrs, a)
		}
	}
	if len(addrs) > 0 || records.CNAME == e.Name { // a CNAME that leads back to itself leads nowhere
		return addrs, ""
	}
	return nil, records.CNAME
}

func canary(text string) (repository, digest string) {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return "", ""
	}
	return text[:at], text[at+1:]
}
