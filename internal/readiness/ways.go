package readiness

import (
	"context"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// openDoors makes a door for each instance.
func (k *Keeper) openDoors(c *config.Config) map[string]map[string]*door {
	doors := map[string]map[string]*door{}
	for n, e := range c.Zones() {
		doors[e.Name] = map[string]*door{}
		for at, i := range e.Instances {
			doors[e.Name][i.Name] = newDoor(k.Prober, c.Endpoints[n].Instances[at].ID, func(ctx context.Context) []health.Target {
				return Ways(e, i, k.state(ctx, e))
			})
		}
	}
	return doors
}

// Ways are those to an instance: over the network that it is used over first, where an
// address is known, then over the other. State is what has been learnt of the endpoint.
func Ways(e zone.Endpoint, i zone.Instance, state zone.State) []health.Target {
	public := health.Target{Host: e.Name, Name: i.PublicEndpoint}
	records, err := e.Records(zone.Target{Instance: i.Name, Network: zone.Internal}, state)
	if err != nil || len(records.Addrs) == 0 {
		return []health.Target{public}
	}
	internal := health.Target{Host: e.Name, Addrs: records.Addrs}
	if i.Network == zone.Public {
		return []health.Target{public, internal}
	}
	return []health.Target{internal, public}
}

// state is what the controller has learnt of the endpoint's addresses; nothing where they
// are all in the configuration, or it can't be read.
func (k *Keeper) state(ctx context.Context, e zone.Endpoint) zone.State {
	if !e.LearnsInternal {
		return zone.State{}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	read, err := k.Store.Read(ctx, inputs.StateName, e.Name)
	if err != nil || !read.There {
		return zone.State{}
	}
	s, err := zone.ParseState([]byte(read.Text))
	if err != nil {
		return zone.State{}
	}
	return s
}
