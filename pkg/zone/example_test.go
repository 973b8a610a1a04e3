package zone_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

func Example() {
	endpoint := zone.Endpoint{
		Name: "cross-region.registry.io", TTL: 5 * time.Second, VPC: "vpc-bbbbb",
		Instances: []zone.Instance{
			{Name: "hangzhou", Network: zone.Internal, InternalAddrs: []netip.Addr{netip.MustParseAddr("10.1.0.10")}},
			{Name: "zhangjiakou", Network: zone.Public, PublicEndpoint: "b-registry.cn-zhangjiakou.cr.aliyuncs.com"},
		},
	}
	learnt := zone.State{Zones: map[string]zone.Records{"vpc-bbbbb": {Addrs: []netip.Addr{netip.MustParseAddr("10.2.0.10")}}}}
	for _, value := range []string{"privatezone", "hangzhou", "hangzou"} {
		choice, err := endpoint.ParseSwitch(value)
		if err != nil {
			fmt.Println(err)
			continue
		}
		answer, err := endpoint.Answer(choice, learnt, "node-a")
		fmt.Println(answer.Target, answer.Addrs, err)
	}
	// Output:
	// privatezone [10.2.0.10] <nil>
	// hangzhou/internal [10.1.0.10] <nil>
	// endpoint "cross-region.registry.io": unknown target "hangzou": one of privatezone, hangzhou, hangzhou/internal, zhangjiakou, zhangjiakou/public
}
