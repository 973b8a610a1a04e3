package zone

import (
	"net/netip"
	"slices"
	"time"
)

// Network is how an instance is reached.
type Network string

const (
	// Internal reaches an instance by its addresses inside a VPC: A and AAAA records.
	Internal Network = "internal"
	// Public reaches an instance by its public endpoint: a CNAME.
	Public Network = "public"
)

// Endpoint is a shared endpoint as far as its answer needs it.
type Endpoint struct {
	// Name is the custom domain that all instances carry: lowercase, no final dot.
	Name string
	// TTL is what every record of an answer is given.
	TTL time.Duration
	// VPC is the cluster's own VPC: its zone is what PrivateZone answers here.
	VPC string
	// Instances are the registries that can serve the endpoint, in the configured order.
	Instances []Instance
	// LearnsInternal says that internal addresses can be learnt from the zones of
	// the instances' VPCs. Without it only fixed ones exist.
	LearnsInternal bool
}

// Instance is one ACR Enterprise Edition instance of an endpoint.
type Instance struct {
	// Name is the short name that the switch uses.
	Name string
	// Network is what the bare name means in the switch.
	Network Network
	// PublicEndpoint is the DNS name of the instance on the Internet: lowercase, no final dot.
	PublicEndpoint string
	// VPC is the VPC whose zone holds the internal address; empty where it isn't known.
	VPC string
	// InternalAddrs are the fixed internal addresses; they win over the zone.
	InternalAddrs []netip.Addr
}

// Instance returns the instance of that name.
func (e Endpoint) Instance(name string) (Instance, bool) {
	i := slices.IndexFunc(e.Instances, func(i Instance) bool { return i.Name == name })
	if i < 0 {
		return Instance{}, false
	}
	return e.Instances[i], true
}

// reaches says whether an answer for the instance by that network can exist at all.
func (e Endpoint) reaches(i Instance, n Network) bool {
	if n == Internal {
		return len(i.InternalAddrs) > 0 || e.LearnsInternal && i.VPC != ""
	}
	return i.PublicEndpoint != ""
}
