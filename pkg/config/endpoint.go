package config

import (
	"net/netip"

	"github.com/registry-failover/registry-failover/pkg/rewrite"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Endpoint is one shared endpoint: a custom domain, always on port 443, and
// the instances that carry it.
type Endpoint struct {
	Name string `json:"name"`
	// TTL is what every record of an answer is given: whole seconds, 5s by default.
	TTL *Duration `json:"ttl"`
	// Primary is the instance that this cluster normally pulls from.
	Primary   string     `json:"primary"`
	Instances []Instance `json:"instances"`
	Rewrite   Rewrite    `json:"rewrite"`
}

// Instance is one ACR Enterprise Edition instance.
type Instance struct {
	Name             string       `json:"name"`
	ID               string       `json:"id"`
	Region           string       `json:"region"`
	PublicEndpoint   string       `json:"publicEndpoint"`
	InternalEndpoint string       `json:"internalEndpoint"`
	Network          zone.Network `json:"network"`
	// VPCID is the VPC whose zone holds the internal address; used with source API.
	VPCID string `json:"vpcID"`
	// InternalAddresses fixes the internal address; it wins over the zone.
	InternalAddresses []string `json:"internalAddresses"`
}

// Rewrite says which further hosts an endpoint stands for, and for which repositories.
type Rewrite struct {
	// ExtraSources are host or host:port.
	ExtraSources []string     `json:"extraSources"`
	Repositories Repositories `json:"repositories"`
}

// Repositories are path patterns as rewrite.Patterns describes them.
type Repositories struct {
	Include []string `json:"include"`
	Exclude []string `json:"exclude"`
}

// Rewriter rewrites references to the endpoints. A valid configuration gives no error.
func (c *Config) Rewriter() (*rewrite.Rewriter, error) {
	var rules []rewrite.Rule
	for _, e := range c.Endpoints {
		rule := rewrite.Rule{
			Endpoint:     e.Name,
			Repositories: rewrite.Patterns{Include: e.Rewrite.Repositories.Include, Exclude: e.Rewrite.Repositories.Exclude},
		}
		for _, i := range e.Instances {
			rule.Sources = append(rule.Sources, i.PublicEndpoint, i.InternalEndpoint)
		}
		rule.Sources = append(rule.Sources, e.Rewrite.ExtraSources...)
		rules = append(rules, rule)
	}
	return rewrite.New(rules)
}

// Zones are the endpoints as pkg/zone takes them. The configuration must be valid.
func (c *Config) Zones() []zone.Endpoint {
	var zones []zone.Endpoint
	for _, e := range c.Endpoints {
		z := zone.Endpoint{
			Name: e.Name, TTL: e.TTL.Duration, VPC: c.Cluster.VPCID,
			LearnsInternal: c.PrivateZone.Source == API,
		}
		for _, i := range e.Instances {
			instance := zone.Instance{Name: i.Name, Network: i.Network, PublicEndpoint: i.PublicEndpoint, VPC: i.VPCID}
			for _, text := range i.InternalAddresses {
				if a, err := netip.ParseAddr(text); err == nil {
					instance.InternalAddrs = append(instance.InternalAddrs, a.Unmap())
				}
			}
			z.Instances = append(z.Instances, instance)
		}
		zones = append(zones, z)
	}
	return zones
}
