package cloud

import (
	"fmt"
	"slices"

	"github.com/registry-failover/registry-failover/internal/checks"
)

func customDomain(v view) []checks.Finding {
	var all []checks.Finding
	for _, i := range v.Endpoint.Instances {
		ways := v.of(i).Ways
		if ways.Err != nil {
			all = append(all, unknown(i.Name, ways.Err))
			continue
		}
		const remedy = "add the domain and its certificate to the instance in ACR's console"
		used, _ := ways.Value.Endpoint(kindOf(i.Network))
		switch {
		case slices.Contains(used.Custom, v.Name):
			all = append(all, ok(i.Name, "%s carries the domain", i.ID))
		case ways.Value.Carries(v.Name):
			all = append(all, find(checks.Warning, i.Name, fmt.Sprintf("%s carries the domain, but not at its %s endpoint", i.ID, i.Network), remedy+", for this endpoint, too"))
		default:
			all = append(all, find(checks.Failed, i.Name, fmt.Sprintf("%s doesn't carry the domain: it answers with another's certificate, or not at all", i.ID), remedy))
		}
	}
	return all
}
