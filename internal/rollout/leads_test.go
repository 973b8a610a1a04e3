package rollout

import (
	"testing"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

func TestWhereAValueMayLead(t *testing.T) {
	z := zone.Endpoint{Name: "cross-region.registry.io", Instances: []zone.Instance{
		{Name: "hangzhou", Network: zone.Public, PublicEndpoint: "a.example"}, {Name: "zhangjiakou", Network: zone.Public, PublicEndpoint: "b.example"},
	}}
	for value, want := range map[string]struct{ hangzhou, zhangjiakou, partial bool }{
		"hangzhou":        {true, false, false},
		"hangzhou/public": {true, false, false},
		"privatezone":     {true, true, false},
		"nonsense":        {true, true, false},
		"to: hangzhou\nfrom: zhangjiakou\nshare: 5": {true, true, true},
		"to: hangzhou\nfrom: privatezone\nnodes: a": {true, true, true},
		"to: hangzhou\nfrom: hangzhou\nnodes: a":    {true, false, true},
	} {
		e := Input{Switch: map[string]string{z.Name: value}}.endpoint(z, nil)
		if e.Leads("hangzhou") != want.hangzhou || e.Leads("zhangjiakou") != want.zhangjiakou || e.IsPartial() != want.partial {
			t.Errorf("%q: %t, %t, %t", value, e.Leads("hangzhou"), e.Leads("zhangjiakou"), e.IsPartial())
		}
	}
}
