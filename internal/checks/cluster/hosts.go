package cluster

import (
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// hosts are those of one shared endpoint, in lowercase.
type hosts struct {
	endpoint string
	// instances are the public and internal endpoints of the instances.
	instances []string
	// extra are the source hosts that the configuration lists beside them.
	extra []string
}

func hostsOf(c *config.Config) []hosts {
	var all []hosts
	for _, e := range c.Endpoints {
		h := hosts{endpoint: strings.ToLower(e.Name)}
		for _, i := range e.Instances {
			h.instances = append(h.instances, strings.ToLower(i.PublicEndpoint), strings.ToLower(i.InternalEndpoint))
		}
		for _, s := range e.Rewrite.ExtraSources {
			h.extra = append(h.extra, strings.ToLower(s))
		}
		all = append(all, h)
	}
	return all
}

// sources are the hosts that are replaced by the endpoint.
func (h hosts) sources() []string { return slices.Concat(h.instances, h.extra) }
