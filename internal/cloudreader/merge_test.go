package cloudreader

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// example is the design's: the cluster lives in vpc-bbbbb, as its primary does.
func example() zone.Endpoint {
	return zone.Endpoint{
		Name: "x.registry.io", VPC: "vpc-bbbbb", LearnsInternal: true,
		Instances: []zone.Instance{
			{Name: "hangzhou", Network: zone.Internal, PublicEndpoint: "a.example", VPC: "vpc-aaaaa"},
			{Name: "zhangjiakou", Network: zone.Internal, PublicEndpoint: "b.example", VPC: "vpc-bbbbb"},
		},
	}
}

func addrs(texts ...string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

// bound is a zone in a VPC, with addresses or one name.
func bound(vpc string, values ...string) alibaba.Zone {
	z := alibaba.Zone{ID: "zone-of-" + vpc, Name: "x.registry.io", VPCs: []alibaba.VPC{{ID: vpc}}}
	for _, v := range values {
		if addr, err := netip.ParseAddr(v); err == nil {
			z.Records = append(z.Records, alibaba.Record{Addr: addr})
		} else {
			z.Records = append(z.Records, alibaba.Record{Target: v})
		}
	}
	return z
}

// at is an instance as ACR tells it, with an address in a VPC.
func at(vpc string, ips ...string) alibaba.Instance {
	i := alibaba.Instance{Endpoints: []alibaba.Endpoint{
		{Type: "internet", Enabled: true}, {Type: "vpc", Enabled: true, Custom: []string{"x.registry.io", name}},
	}}
	for _, addr := range addrs(ips...) {
		i.VPCs = append(i.VPCs, alibaba.LinkedVPC{VPC: vpc, Addr: addr, Running: true})
	}
	return i
}

func TestMerge(t *testing.T) {
	normal := map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.10")}, "vpc-bbbbb": {Addrs: addrs("10.2.0.10")}}
	both := func() map[string]alibaba.Instance {
		return map[string]alibaba.Instance{"hangzhou": at("vpc-aaaaa", "10.1.0.10"), "zhangjiakou": at("vpc-bbbbb", "10.2.0.10")}
	}
	for sentence, test := range map[string]struct {
		zones     []alibaba.Zone
		instances map[string]alibaba.Instance
		published map[string]zone.Records
		change    func(*Input)
		want      map[string]zone.Records
		target    string
		findings  []string // code and a part of the text
	}{
		"as it should be": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10")}, instances: both(), want: normal, target: "zhangjiakou/internal",
		},
		"zones of other VPCs are nobody's business": {
			zones:     []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10"), bound("vpc-ccccc", "10.9.9.9"), bound("vpc-ddddd")},
			instances: both(), want: normal, target: "zhangjiakou/internal",
		},
		"a failover by hand over the Internet": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "a.example")}, instances: both(),
			want: map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.10")}, "vpc-bbbbb": {CNAME: "a.example"}}, target: "hangzhou/public",
			findings: []string{"NotPrimary the zone of the VPC vpc-bbbbb leads to a.example, the instance hangzhou, and not to the primary zhangjiakou"},
		},
		"a failover by hand inside": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.1.0.10")}, instances: both(),
			want: map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.10")}, "vpc-bbbbb": {Addrs: addrs("10.1.0.10")}}, target: "hangzhou/internal",
			findings: []string{"NotPrimary leads to 10.1.0.10, the instance hangzhou"},
		},
		"the same, and ACR can't be read": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.1.0.10")},
			want:  map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.10")}, "vpc-bbbbb": {Addrs: addrs("10.1.0.10")}}, target: "hangzhou/internal",
			findings: []string{"NotPrimary leads to 10.1.0.10, the instance hangzhou"},
		},
		"an address that nobody knows": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.7.7.7")}, instances: both(),
			want:     map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.10")}, "vpc-bbbbb": {Addrs: addrs("10.7.7.7")}},
			findings: []string{"NotPrimary leads to 10.7.7.7, which is no instance's"},
		},
		"the cluster's zone is gone": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10")}, instances: both(), published: normal, want: normal, target: "zhangjiakou/internal",
			findings: []string{"NoZone no zone named x.registry.io is bound to the VPC vpc-bbbbb: what was known of it stays"},
		},
		"the cluster's zone is gone, and nothing was known": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10")}, instances: both(),
			want:     map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.10")}},
			findings: []string{"NoZone no zone named x.registry.io is bound to the VPC vpc-bbbbb"},
		},
		"the cluster's zone is emptied": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb")}, instances: both(), published: normal, want: normal, target: "zhangjiakou/internal",
			findings: []string{"EmptyZone zone zone-of-vpc-bbbbb of the VPC vpc-bbbbb has no record at @ that leads somewhere: what was known of it stays"},
		},
		"the cluster's zone is there twice": {
			zones:     []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10"), bound("vpc-bbbbb", "10.7.7.7")},
			instances: both(), published: normal, want: normal, target: "zhangjiakou/internal",
			findings: []string{"AmbiguousZone 2 zones named x.registry.io are bound to the VPC vpc-bbbbb: unbind all but one"},
		},
		"all zones are gone at once": {
			instances: both(), published: normal, want: normal, target: "zhangjiakou/internal", findings: []string{"NoZone vpc-bbbbb", "NoZone vpc-aaaaa"},
		},
		"the standby's zone is gone: ACR knows": {
			zones: []alibaba.Zone{bound("vpc-bbbbb", "10.2.0.10")}, instances: both(),
			published: map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.99")}}, want: normal, target: "zhangjiakou/internal",
			findings: []string{"NoZone no zone named x.registry.io is bound to the VPC vpc-aaaaa: the address that ACR has there is taken"},
		},
		"the standby's zone is emptied: the last good one stays, whatever ACR has": {
			zones: []alibaba.Zone{bound("vpc-aaaaa"), bound("vpc-bbbbb", "10.2.0.10")}, instances: both(), target: "zhangjiakou/internal",
			published: map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.99")}},
			want:      map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.99")}, "vpc-bbbbb": {Addrs: addrs("10.2.0.10")}},
			findings:  []string{"EmptyZone leads somewhere: what was known of it stays", "Disagreement instance hangzhou"},
		},
		"the standby's zone is there twice: so does it": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-aaaaa", "10.1.0.11"), bound("vpc-bbbbb", "10.2.0.10")}, instances: both(), target: "zhangjiakou/internal",
			published: map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.99")}},
			want:      map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.99")}, "vpc-bbbbb": {Addrs: addrs("10.2.0.10")}},
			findings:  []string{"AmbiguousZone unbind all but one: what was known of it stays", "Disagreement instance hangzhou"},
		},
		"the standby's zone was empty from the start: ACR knows": {
			zones: []alibaba.Zone{bound("vpc-aaaaa"), bound("vpc-bbbbb", "10.2.0.10")}, instances: both(), want: normal, target: "zhangjiakou/internal",
			findings: []string{"EmptyZone leads somewhere: the address that ACR has there is taken"},
		},
		"the cluster's zone leads back to itself": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "x.registry.io")}, instances: both(), published: normal, want: normal, target: "zhangjiakou/internal",
			findings: []string{"UnusableAddress the CNAME leads back to its own name", "EmptyZone what was known of it stays"},
		},
		"the standby's zone leads to a name": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "b.example"), bound("vpc-bbbbb", "10.2.0.10")}, instances: both(), target: "zhangjiakou/internal",
			want:     map[string]zone.Records{"vpc-aaaaa": {CNAME: "b.example"}, "vpc-bbbbb": {Addrs: addrs("10.2.0.10")}},
			findings: []string{"Disagreement instance hangzhou: the zone of the VPC vpc-aaaaa leads to b.example, which is no internal name of it: a switch to hangzhou/internal follows that"},
		},
		"the standby's zone leads to the standby's own internal name": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "a-vpc.example"), bound("vpc-bbbbb", "10.2.0.10")}, instances: both(), target: "zhangjiakou/internal",
			change: func(in *Input) { in.Instances["hangzhou"].Endpoints[1].Hosts = []string{"a-vpc.example"} },
			want:   map[string]zone.Records{"vpc-aaaaa": {CNAME: "a-vpc.example"}, "vpc-bbbbb": {Addrs: addrs("10.2.0.10")}},
		},
		"a fixed address that the zone contradicts, and ACR can't be read": {
			zones:     []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10")},
			instances: map[string]alibaba.Instance{"zhangjiakou": at("vpc-bbbbb", "10.2.0.10")},
			change:    func(in *Input) { in.Endpoint.Instances[0].InternalAddrs = addrs("10.1.0.55") },
			want:      map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("10.2.0.10")}}, target: "zhangjiakou/internal",
			findings: []string{"Disagreement instance hangzhou: the configuration has 10.1.0.55, but the zone of the VPC vpc-aaaaa has 10.1.0.10"},
		},
		"the primary never could be read: whether the zone leads there is not known, and no alarm": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10")}, want: normal,
			change:   func(in *Input) { in.Unread = map[string]Unread{"zhangjiakou": {Err: errors.New("it is away")}} },
			findings: []string{"NotRead instance zhangjiakou: ACR could not be read yet"},
		},
		"ACR has another public endpoint": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10")}, instances: both(), want: normal, target: "zhangjiakou/internal",
			change:   func(in *Input) { in.Instances["hangzhou"].Endpoints[0].Hosts = []string{"a-registry.example"} },
			findings: []string{"Disagreement instance hangzhou: the configuration has the public endpoint a.example, but ACR has a-registry.example"},
		},
		"an instance that can't be read now": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10")}, instances: both(), want: normal, target: "zhangjiakou/internal",
			change: func(in *Input) {
				in.Unread = map[string]Unread{"zhangjiakou": {Since: time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC), Err: errors.New("it is away")}}
			},
			findings: []string{"NotRead instance zhangjiakou: what ACR said at 2026-11-24T02:00:00Z stays: it is away"},
		},
		"an instance that never could be read": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10")}, want: normal, target: "zhangjiakou/internal",
			instances: map[string]alibaba.Instance{"zhangjiakou": at("vpc-bbbbb", "10.2.0.10")},
			change:    func(in *Input) { in.Unread = map[string]Unread{"hangzhou": {Err: errors.New("it is away")}} },
			findings:  []string{"NotRead instance hangzhou: ACR could not be read yet: it is away"},
		},
		"the standby's zone says otherwise than ACR": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.77"), bound("vpc-bbbbb", "10.2.0.10")}, instances: both(),
			want:     map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.77")}, "vpc-bbbbb": {Addrs: addrs("10.2.0.10")}},
			target:   "zhangjiakou/internal",
			findings: []string{"Disagreement instance hangzhou: the zone of the VPC vpc-aaaaa has 10.1.0.77, but ACR has 10.1.0.10 in the VPC vpc-aaaaa"},
		},
		"a fixed address wins, and isn't published": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10")}, instances: both(), published: normal,
			change: func(in *Input) { in.Endpoint.Instances[0].InternalAddrs = addrs("10.1.0.55") },
			want:   map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("10.2.0.10")}}, target: "zhangjiakou/internal",
			findings: []string{
				"Disagreement instance hangzhou: the configuration has 10.1.0.55, but the zone of the VPC vpc-aaaaa has 10.1.0.10",
				"Disagreement instance hangzhou: the configuration has 10.1.0.55, but ACR has 10.1.0.10",
			},
		},
		"addresses that no registry has": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "127.0.0.1", "10.2.0.10", "100.100.2.136")}, instances: both(), want: normal, target: "zhangjiakou/internal",
			findings: []string{"UnusableAddress the address 127.0.0.1 is a loopback address", "UnusableAddress the address 100.100.2.136 is in 100.100.0.0/16"},
		},
		"nothing but such": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "0.0.0.0")}, instances: both(), published: normal, want: normal, target: "zhangjiakou/internal",
			findings: []string{"UnusableAddress 0.0.0.0", "EmptyZone"},
		},
		"records that are ignored": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10")}, instances: both(), want: normal, target: "zhangjiakou/internal",
			change:   func(in *Input) { in.Zones[1].Ignored = []string{"a line"} },
			findings: []string{"IgnoredRecord zone zone-of-vpc-bbbbb of the VPC vpc-bbbbb: not taken into account: a line"},
		},
		"an instance without the domain, its endpoint disabled": {
			zones: []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10")}, want: normal, target: "zhangjiakou/internal",
			instances: map[string]alibaba.Instance{"hangzhou": {Endpoints: []alibaba.Endpoint{{Type: "internet"}, {Type: "vpc"}}}, "zhangjiakou": at("vpc-bbbbb", "10.2.0.10")},
			findings:  []string{"Disabled instance hangzhou: its internal endpoint is disabled", "NoCustomDomain instance hangzhou doesn't carry the custom domain x.registry.io"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			in := Input{Endpoint: example(), Primary: "zhangjiakou", Zones: test.zones, Instances: test.instances, Published: zone.State{Zones: test.published}}
			if test.change != nil {
				test.change(&in)
			}
			got := Merge(in)
			if diff := cmp.Diff(test.want, got.Zones, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("zones (-want +got)\n%s", diff)
			}
			if target := strings.TrimPrefix(got.Target.String(), zone.PrivateZone); target != test.target {
				t.Errorf("target %q, want %q", target, test.target)
			}
			if len(got.Findings) != len(test.findings) {
				t.Fatalf("findings: %q", got.Findings)
			}
			for i, want := range test.findings {
				code, text, _ := strings.Cut(want, " ")
				if string(got.Findings[i].Code) != code || !strings.Contains(got.Findings[i].Text, text) {
					t.Errorf("got %q, want %q", got.Findings[i], want)
				}
			}
		})
	}
}

// TestASwitchToThePrimaryDoesNotFollowTheEditedRecord has somebody fail over by hand:
// the zone of the VPC that the primary lives in leads to the standby then.
func TestASwitchToThePrimaryDoesNotFollowTheEditedRecord(t *testing.T) {
	edited := []alibaba.Zone{bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.1.0.10")}
	said := at("vpc-bbbbb", "10.2.0.10")
	pending := said
	pending.VPCs = []alibaba.LinkedVPC{{VPC: "vpc-bbbbb", Addr: said.VPCs[0].Addr}}
	before := zone.State{Linked: map[string][]netip.Addr{"zhangjiakou": addrs("10.2.0.9"), "gone": addrs("10.2.0.8")}}
	for sentence, test := range map[string]struct {
		read  map[string]alibaba.Instance
		stood zone.State
		fixed []netip.Addr
		want  string // where zhangjiakou/internal leads
	}{
		"ACR has its address":                      {map[string]alibaba.Instance{"zhangjiakou": said}, before, nil, "10.2.0.10"},
		"ACR can't be asked: what it said stays":   {nil, before, nil, "10.2.0.9"},
		"it is fixed":                              {map[string]alibaba.Instance{"zhangjiakou": said}, before, addrs("10.2.0.55"), "10.2.0.55"},
		"ACR has none there, so the zone is asked": {map[string]alibaba.Instance{"zhangjiakou": at("vpc-ccccc", "10.3.0.1")}, before, nil, "10.1.0.10"},
		"ACR is making it":                         {map[string]alibaba.Instance{"zhangjiakou": pending}, before, nil, "10.1.0.10"},
	} {
		t.Run(sentence, func(t *testing.T) {
			in := Input{Endpoint: example(), Primary: "zhangjiakou", Zones: edited, Instances: test.read, Published: test.stood}
			in.Endpoint.Instances[1].InternalAddrs = test.fixed
			r := Merge(in)
			st := zone.State{Zones: r.Zones, Linked: r.Linked}
			for target, want := range map[zone.Target]string{
				{Instance: "zhangjiakou", Network: zone.Internal}: test.want,
				{Instance: "hangzhou", Network: zone.Internal}:    "10.1.0.10",
				{}: "10.1.0.10", // privatezone
			} {
				got, err := in.Endpoint.Records(target, st)
				if err != nil || len(got.Addrs) != 1 || got.Addrs[0].String() != want {
					t.Errorf("%s leads to %v, %v; want %s", target, got, err, want)
				}
			}
			if r.Target.Instance != "hangzhou" || len(r.Linked) > 1 {
				t.Errorf("the zone leads to %s, %v is kept", r.Target, r.Linked)
			}
		})
	}
}
