package config_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestZones(t *testing.T) {
	full := strings.Replace(read(t, "full.yaml"), "[10.1.0.10,", `["::ffff:10.1.0.10",`, 1)
	want := []zone.Endpoint{
		{
			Name: "cross-region.registry.io", TTL: 30 * time.Second, VPC: "vpc-bbbbb", LearnsInternal: true,
			Instances: []zone.Instance{
				{
					Name: "hangzhou", Network: zone.Internal, PublicEndpoint: "a-registry.cn-hangzhou.cr.aliyuncs.com", VPC: "vpc-aaaaa",
					InternalAddrs: []netip.Addr{netip.MustParseAddr("10.1.0.10"), netip.MustParseAddr("fd00:1::10")},
				},
				{Name: "zhangjiakou", Network: zone.Internal, PublicEndpoint: "b-registry.cn-zhangjiakou.cr.aliyuncs.com", VPC: "vpc-bbbbb"},
			},
		},
		{
			Name: "second.registry.io", TTL: 5 * time.Second, VPC: "vpc-bbbbb", LearnsInternal: true,
			Instances: []zone.Instance{
				{Name: "beijing", Network: zone.Public, PublicEndpoint: "c-registry.cn-beijing.cr.aliyuncs.com"},
				{Name: "shanghai", Network: zone.Public, PublicEndpoint: "d-registry.cn-shanghai.cr.aliyuncs.com"},
			},
		},
	}
	if diff := cmp.Diff(want, parse(t, full).Zones(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestZonesLearnNothingFromVPCDNS(t *testing.T) {
	for _, z := range parse(t, read(t, "example.yaml")).Zones() {
		if z.LearnsInternal {
			t.Errorf("%s learns internal addresses", z.Name)
		}
	}
}

func TestRewriter(t *testing.T) {
	r, err := parse(t, read(t, "full.yaml")).Rewriter()
	if err != nil {
		t.Fatal(err)
	}
	for image, want := range map[string]rewrite.Result{
		"a-registry.cn-hangzhou.cr.aliyuncs.com/team/web:1":        {Image: "cross-region.registry.io/team/web:1", Reason: rewrite.Rewritten},
		"b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com/team/a/b:1": {Image: "cross-region.registry.io/team/a/b:1", Reason: rewrite.Rewritten},
		"mirror.example.com:5000/team/web:1":                       {Image: "cross-region.registry.io/team/web:1", Reason: rewrite.Rewritten},
		"mirror.example.com/team/web:1":                            {Reason: rewrite.OtherHost},
		"a-registry.cn-hangzhou.cr.aliyuncs.com/team/local:1":      {Reason: rewrite.RepositoryExcluded},
		"a-registry.cn-hangzhou.cr.aliyuncs.com/else/web:1":        {Reason: rewrite.RepositoryExcluded},
		"cross-region.registry.io/team/web:1":                      {Reason: rewrite.AlreadyShared},
		"d-registry-vpc.cn-shanghai.cr.aliyuncs.com/any/web:1":     {Image: "second.registry.io/any/web:1", Reason: rewrite.Rewritten},
	} {
		if want.Image == "" {
			want.Image = image
		}
		got := r.Rewrite(image)
		if got.Image != want.Image || got.Reason != want.Reason {
			t.Errorf("%s becomes %s (%s), want %s (%s)", image, got.Image, got.Reason, want.Image, want.Reason)
		}
	}
}

// TestSourceAPI edits full.yaml, which uses the source API.
func TestSourceAPI(t *testing.T) {
	full := read(t, "full.yaml")
	fixed := `    internalAddresses: [10.1.0.10, "fd00:1::10"]` + "\n"
	tests := map[string]struct {
		edit []string
		want string
	}{
		"an instance needs a VPC": {
			[]string{"    vpcID: vpc-bbbbb\n", ""},
			"endpoints[0].instances[1].vpcID: Required value: needed to find the internal address: name the VPC whose zone holds it, or set internalAddresses",
		},
		"two instances can't share a zone": {
			[]string{fixed, "", "vpcID: vpc-aaaaa", "vpcID: vpc-bbbbb"},
			`endpoints[0].instances[1].vpcID: Invalid value: "vpc-bbbbb": stands at endpoints[0].instances[0].vpcID already: one zone can't hold two internal addresses: set internalAddresses on one of the instances`,
		},
		"fixed addresses leave the zone to the other": {[]string{"vpcID: vpc-aaaaa", "vpcID: vpc-bbbbb"}, ""},
		"a public instance needs no VPC": {
			[]string{"network: internal\n    vpcID: vpc-bbbbb\n", "network: public\n"}, "",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer(test.edit...).Replace(full)
			if text == full {
				t.Fatal("nothing to replace")
			}
			got := ""
			if _, err := config.Parse([]byte(text)); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
