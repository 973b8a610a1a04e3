package switching

import (
	"slices"

	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Health is what the probers' own reports say of the endpoint's instances, as the
// controller would find it: for where that hasn't told lately. Wanted is how many
// probers there should be, 0 where nobody knows.
func Health(v View, e zone.Endpoint, wanted int) []healthquorum.Instance {
	var fresh []healthreport.Report
	for _, l := range v.Probers {
		if r, err := healthreport.Parse(l.Annotations); err == nil && v.Now.Sub(healthreport.Renewed(l)) <= healthreport.Fresh {
			fresh = append(fresh, r)
		}
	}
	var all []healthquorum.Instance
	for _, i := range e.Instances {
		for _, n := range []zone.Network{zone.Internal, zone.Public} {
			if !slices.Contains(e.Words(), i.Name+"/"+string(n)) {
				continue
			}
			key := healthreport.Key{Endpoint: e.Name, Instance: i.Name, Network: n}
			all = append(all, healthquorum.Instance{
				Instance: i.Name, Network: string(n), Finding: healthquorum.Judge(key, fresh, max(wanted, len(v.Probers))),
			})
		}
	}
	return all
}
