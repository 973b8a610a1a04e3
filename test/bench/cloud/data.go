package main

import (
	"fmt"
	"strings"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// dataOf has two instances for each endpoint, and a zone in the VPC of each.
func dataOf(endpoints int) cloud.Data {
	data := cloud.Data{AccessKeys: []cloud.AccessKey{{ID: "LTAI-bench", Secret: "bench-secret"}}}
	for n := range endpoints {
		for i, region := range []string{"cn-hangzhou", "cn-zhangjiakou"} {
			address, vpc := fmt.Sprintf("10.%d.0.%d", i+1, n+10), fmt.Sprintf("vpc-%s", region)
			data.Zones = append(data.Zones, cloud.Zone{
				ID: fmt.Sprintf("zone-%d-%s", n, region), Name: name(n), VPCs: []cloud.VPC{{ID: vpc, Region: region}},
				Records: []cloud.Record{{RR: "@", Type: "A", Value: address}},
			})
			data.Instances = append(data.Instances, cloud.Instance{
				ID: id(n, region), Region: region, CustomDomains: []string{name(n)},
				Public: cloud.Endpoint{Host: host(n, region, ""), Enabled: true}, Internal: cloud.Endpoint{Host: host(n, region, "-vpc"), Enabled: true},
				VPCs: []cloud.LinkedVPC{{ID: vpc, IP: address, Default: true}},
			})
		}
	}
	return data
}

func name(n int) string { return fmt.Sprintf("e%d.registry.io", n) }

func id(n int, region string) string { return fmt.Sprintf("cri-%d-%s", n, region) }

// host is an instance's; that of the first endpoint in Zhangjiakou is what pods name.
func host(n int, region, network string) string {
	if n == 0 && region == "cn-zhangjiakou" && network == "" {
		return source
	}
	return fmt.Sprintf("i%d-registry%s.%s.cr.aliyuncs.com", n, network, region)
}

func configOf(endpoints int) string {
	var text strings.Builder
	fmt.Fprint(&text, `apiVersion: registry-failover.io/v1alpha1
kind: Config
cluster: {vpcID: vpc-cn-zhangjiakou, region: cn-zhangjiakou}
privateZone: {source: API}
credentials: {provider: AccessKey, secretName: cloud}
endpoints:
`)
	for n := range endpoints {
		fmt.Fprintf(&text, "- name: %s\n  primary: cn-zhangjiakou\n  instances:\n", name(n))
		for _, region := range []string{"cn-hangzhou", "cn-zhangjiakou"} {
			fmt.Fprintf(&text, "  - {name: %s, id: %s, region: %s, publicEndpoint: %s, internalEndpoint: %s, network: internal, vpcID: vpc-%s}\n",
				region, id(n, region), region, host(n, region, ""), host(n, region, "-vpc"), region)
		}
	}
	return text.String()
}
