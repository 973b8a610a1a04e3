package failover

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// noon is when the rows of the table are decided.
var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

var (
	hangzhou    = zone.Target{Instance: "hangzhou", Network: zone.Internal}
	zhangjiakou = zone.Target{Instance: "zhangjiakou", Network: zone.Internal}
	shanghai    = zone.Target{Instance: "shanghai", Network: zone.Public}
)

// situation is of a cluster that pulls from zhangjiakou, by the default settings,
// while all is well. Its standby is hangzhou; with three there is shanghai, too.
func situation(three bool) Input {
	defaults := config.Default()
	defaults.Failover.Mode = config.Automatic
	in := Input{
		Now: noon, Primary: "zhangjiakou", Rules: defaults.Failover, Probes: defaults.Health,
		Endpoint: zone.Endpoint{
			Name: "cross-region.registry.io", TTL: 5 * time.Second, VPC: "vpc-bbbbb",
			Instances: []zone.Instance{
				{Name: "hangzhou", Network: zone.Internal, InternalAddrs: []netip.Addr{netip.MustParseAddr("10.1.0.10")}},
				{Name: "zhangjiakou", Network: zone.Internal, InternalAddrs: []netip.Addr{netip.MustParseAddr("10.2.0.10")}},
			},
		},
		Switch: zone.PrivateZone, Version: "1",
		ZoneKnown: true, ZoneTarget: zhangjiakou,
		VantagePoints: 15,
		Health:        map[zone.Target]Health{hangzhou: {Level: Healthy, For: 15}, zhangjiakou: {Level: Healthy, For: 15}},
		Ready:         map[string]float64{"hangzhou": 1, "zhangjiakou": 1, "shanghai": 1},
		Learnt: zone.State{
			Zones: map[string]zone.Records{"vpc-bbbbb": {Addrs: []netip.Addr{netip.MustParseAddr("10.2.0.10")}}},
			Hosts: map[string]zone.Records{"c-registry.cn-shanghai.cr.aliyuncs.com": {Addrs: []netip.Addr{netip.MustParseAddr("203.0.113.30")}}},
		},
	}
	if three {
		in.Endpoint.Instances = append(in.Endpoint.Instances,
			zone.Instance{Name: "shanghai", Network: zone.Public, PublicEndpoint: "c-registry.cn-shanghai.cr.aliyuncs.com"})
		in.Health[shanghai] = Health{Level: Healthy, For: 15}
	}
	return in
}

// sees reads "failing 12-3": a level with those for and against it; the rest of 15
// is silent. With "for 5m" after it the level began then; with "(5 unnamed)" so many of
// the first have seen no name. "nobody" is nothing.
func sees(t *testing.T, text string) Health {
	t.Helper()
	if text == "nobody" {
		return Health{}
	}
	var h Health
	if _, err := fmt.Sscanf(text, "%s %d-%d", &h.Level, &h.For, &h.Against); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if _, unnamed, given := strings.Cut(text, " ("); given {
		if _, err := fmt.Sscanf(unnamed, "%d unnamed)", &h.Unnamed); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
	if _, span, given := strings.Cut(text, " for "); given {
		h.Since = noon.Add(-duration(t, span))
	}
	return h
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// own is a value as automatic mode writes it.
func own(to zone.Target) string { return written(to, "zhangjiakou was ill") }

// remembered is the state when the switch has stood so, and has become so, for a
// span of time before noon.
func remembered(t *testing.T, in Input, span time.Duration) State {
	t.Helper()
	in.Now = noon.Add(-span)
	var s State
	if strings.Contains(in.Switch, SetBy) {
		s.Pending = &Pending{Value: in.Switch, Version: "0"}
	}
	return Decide(in, s).Next
}
