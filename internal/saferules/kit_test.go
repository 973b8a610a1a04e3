package saferules

import (
	"net/netip"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

var (
	noon        = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	hangzhou    = zone.Target{Instance: "hangzhou", Network: zone.Internal}
	zhangjiakou = zone.Target{Instance: "zhangjiakou", Network: zone.Internal}
	privatezone = zone.Target{}
)

// wellTold is what the controller tells where nothing is wrong.
const wellTold = `{"version":1,
	"readiness":{"at":"2026-11-23T11:59:00Z","images":40,"instances":[
		{"instance":"hangzhou","share":1},{"instance":"zhangjiakou","share":1}]},
	"privateZone":{"readAt":"2026-11-23T11:58:00Z","target":"zhangjiakou","network":"internal"}}`

// well are facts by which every rule holds: the standby is hangzhou, and the switch has
// followed PrivateZone for an hour.
func well(t *testing.T, target zone.Target) Facts {
	t.Helper()
	f := Facts{
		Now: noon,
		Endpoint: zone.Endpoint{
			Name: "cross-region.registry.io", TTL: 5 * time.Second, VPC: "vpc-bbbbb", LearnsInternal: true,
			Instances: []zone.Instance{
				{Name: "hangzhou", Network: zone.Internal, PublicEndpoint: "a-registry.cn-hangzhou.cr.aliyuncs.com", VPC: "vpc-aaaaa"},
				{Name: "zhangjiakou", Network: zone.Internal, PublicEndpoint: "b-registry.cn-zhangjiakou.cr.aliyuncs.com", VPC: "vpc-bbbbb"},
			},
		},
		Primary: "zhangjiakou",
		Rules:   config.Default().Failover,
		Source:  config.API,
		Target:  target,
		Changed: Change{At: noon.Add(-time.Hour), By: "kubectl-patch"},
		Told:    ReadTold(wellTold),
		Learnt: zone.State{Zones: map[string]zone.Records{
			"vpc-aaaaa": {Addrs: []netip.Addr{netip.MustParseAddr("10.1.0.10")}},
			"vpc-bbbbb": {Addrs: []netip.Addr{netip.MustParseAddr("10.2.0.10")}},
		}},
		Credentials: Credentials{Findings: []checks.Finding{{Level: checks.OK, Text: "all have"}}},
	}
	for _, i := range f.Endpoint.Instances {
		for _, network := range []zone.Network{zone.Internal, zone.Public} {
			f.Health = append(f.Health, healthquorum.Instance{
				Instance: i.Name, Network: string(network), Finding: healthquorum.Finding{Level: healthreport.Healthy, Reason: "answers as itself", Agree: 3},
			})
		}
	}
	return f
}

// seen has the probers find something else of a target.
func seen(t zone.Target, level healthreport.Level, reason string) func(*Facts) {
	return func(f *Facts) {
		for n, i := range f.Health {
			if i.Instance == t.Instance && i.Network == string(t.Network) {
				f.Health[n].Level, f.Health[n].Reason = level, reason
			}
		}
	}
}

func told(text string) func(*Facts) {
	return func(f *Facts) { f.Told = ReadTold(text) }
}

func images(text string) func(*Facts) {
	return told(`{"readiness":{"at":"2026-11-23T11:59:00Z","images":40,"instances":[` + text + `]}}`)
}

func stands(s zone.Switch) func(*Facts) { return func(f *Facts) { f.Standing = s } }

func both(edits ...func(*Facts)) func(*Facts) {
	return func(f *Facts) {
		for _, edit := range edits {
			edit(f)
		}
	}
}
