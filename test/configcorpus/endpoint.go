package configcorpus

import "strings"

// endpoints are mistakes of endpoints and their instances.
func endpoints(example string) map[string]Mistake {
	second := secondEndpoint(example)
	learning := strings.Replace(example, "endpoints:", "privateZone: {source: API}\ncredentials: {provider: RRSA}\nendpoints:", 1)
	return map[string]Mistake{
		"two endpoints of one name": {
			"", second,
			`endpoints[1].name: Invalid value: "cross-region.registry.io": stands at endpoints[0].name already: configure each endpoint once`,
		},
		"an empty instance list": {
			from(example, "  instances:"), "  instances: []\n",
			"endpoints[0].instances: Required value: a failover needs two instances or more, here are 0",
		},
		"a single instance": {
			example[strings.Index(example, "  - name: hangzhou"):strings.Index(example, "  - name: zhangjiakou")], "",
			"endpoints[0].instances: Required value: a failover needs two instances or more, here are 1",
		},
		"no endpoint name": {
			"name: cross-region.registry.io", `name: ""`,
			"endpoints[0].name: Required value: write the custom domain that the instances share",
		},
		"an endpoint with a port": {
			"name: cross-region.registry.io", `name: "cross-region.registry.io:443"`,
			`endpoints[0].name: Invalid value: "cross-region.registry.io:443": must be a lowercase DNS name of two labels or more, without port and final dot`,
		},
		"an endpoint with a final dot": {
			"name: cross-region.registry.io", "name: cross-region.registry.io.",
			`endpoints[0].name: Invalid value: "cross-region.registry.io.": must be a lowercase DNS name of two labels or more, without port and final dot`,
		},
		"an endpoint in uppercase": {
			"name: cross-region.registry.io", "name: Cross-Region.registry.io",
			`endpoints[0].name: Invalid value: "Cross-Region.registry.io": must be a lowercase DNS name of two labels or more, without port and final dot`,
		},
		"an endpoint of one label": {
			"name: cross-region.registry.io", "name: registry",
			`endpoints[0].name: Invalid value: "registry": must be a lowercase DNS name of two labels or more, without port and final dot`,
		},
		"an endpoint that is an address": {
			"name: cross-region.registry.io", "name: 10.1.0.10",
			`endpoints[0].name: Invalid value: "10.1.0.10": must be a lowercase DNS name of two labels or more, without port and final dot`,
		},
		"an endpoint under aliyuncs.com": {
			"name: cross-region.registry.io", "name: x.cr.aliyuncs.com",
			`endpoints[0].name: Invalid value: "x.cr.aliyuncs.com": is under aliyuncs.com, where no custom domain can be: write the domain that you set on the instances`,
		},
		"an endpoint under the cluster's domain": {
			"name: cross-region.registry.io", "name: registry.default.svc.cluster.local",
			`endpoints[0].name: Invalid value: "registry.default.svc.cluster.local": is under the cluster's own domain cluster.local: nodes could not resolve it`,
		},
		"a missing primary": {
			"  primary: zhangjiakou\n", "",
			"endpoints[0].primary: Required value: name the instance that this cluster normally pulls from: hangzhou or zhangjiakou",
		},
		"an unknown primary": {
			"primary: zhangjiakou", "primary: zhangjiaku",
			`endpoints[0].primary: Invalid value: "zhangjiaku": is no instance of this endpoint: must be hangzhou or zhangjiakou`,
		},
		"a missing network": {
			"    network: internal\n    internalAddresses: [10.1.0.10]\n", "",
			"endpoints[0].instances[0].network: Required value: write internal or public",
		},
		"an unknown network": {
			"    network: internal\n    internalAddresses: [10.1.0.10]\n", "    network: vpc\n",
			`endpoints[0].instances[0].network: Invalid value: "vpc": must be internal or public`,
		},
		"an instance named privatezone": {
			"- name: hangzhou", "- name: privatezone",
			`endpoints[0].instances[0].name: Invalid value: "privatezone": is the switch's word for following PrivateZone: choose another name`,
		},
		"an instance name with a slash": {
			"- name: hangzhou", "- name: hang/zhou",
			`endpoints[0].instances[0].name: Invalid value: "hang/zhou": must be a short name of lowercase letters, digits and hyphens`,
		},
		"two instances of one name": {
			"- name: hangzhou", "- name: zhangjiakou",
			`endpoints[0].instances[1].name: Invalid value: "zhangjiakou": stands at endpoints[0].instances[0].name already: give each instance a name of its own`,
		},
		"one instance twice": {
			"cri-aaaaa", "cri-bbbbb",
			`endpoints[0].instances[1].id: Invalid value: "cri-bbbbb": stands at endpoints[0].instances[0].id already: configure each instance once`,
		},
		"an instance ID of another product": {
			"cri-aaaaa", "crpi-aaaaa",
			`endpoints[0].instances[0].id: Invalid value: "crpi-aaaaa": must be the ID of an ACR Enterprise Edition instance: cri-…`,
		},
		"no internal address with VPCDNS": {
			"    internalAddresses: [10.1.0.10]\n", "",
			"endpoints[0].instances[0].internalAddresses: Required value: privateZone.source VPCDNS can't look up an internal address: fix it here, or set network to public",
		},
		"an address that is none": {
			"[10.1.0.10]", "[10.1.0]", `endpoints[0].instances[0].internalAddresses[0]: Invalid value: "10.1.0": is no IP address: write one such as 10.1.0.10`,
		},
		"a loopback address": {
			"[10.1.0.10]", "[127.0.0.1]", `endpoints[0].instances[0].internalAddresses[0]: Invalid value: "127.0.0.1": is a loopback address: write the instance's address in its VPC`,
		},
		"a link-local address": {
			"[10.1.0.10]", "[169.254.1.1]", `endpoints[0].instances[0].internalAddresses[0]: Invalid value: "169.254.1.1": is a link-local address: write the instance's address in its VPC`,
		},
		"the unspecified address": {
			"[10.1.0.10]", "[0.0.0.0]", `endpoints[0].instances[0].internalAddresses[0]: Invalid value: "0.0.0.0": is the unspecified address: write the instance's address in its VPC`,
		},
		"a multicast address": {
			"[10.1.0.10]", "['ff02::1']", `endpoints[0].instances[0].internalAddresses[0]: Invalid value: "ff02::1": is a multicast or broadcast address: write the instance's address in its VPC`,
		},
		"an address of the cloud's own services": {
			"[10.1.0.10]", "[100.100.2.136]", `endpoints[0].instances[0].internalAddresses[0]: Invalid value: "100.100.2.136": is in 100.100.0.0/16, which the cloud keeps for its own services: write the instance's address in its VPC`,
		},
		"one address for two instances": {
			"[10.1.0.10]", "[10.2.0.10]", `endpoints[0].instances[1].internalAddresses[0]: Invalid value: "10.2.0.10": stands at endpoints[0].instances[0].internalAddresses[0] already: an address leads to one instance`,
		},
		"a TTL that is none": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  ttl: 5",
			`endpoints[0].ttl: Invalid value: "5": must be a duration such as 5s: whole seconds from 1s to 24h`,
		},
		"a TTL of zero": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  ttl: 0s",
			`endpoints[0].ttl: Invalid value: "0s": must be a duration such as 5s: whole seconds from 1s to 24h`,
		},
		"a pattern that is malformed": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {repositories: {include: ['**/web']}}",
			`endpoints[0].rewrite.repositories.include[0]: Invalid value: "**/web": the pattern "**/web" has ** in the wrong place: it can only be the whole last element`,
		},
		"a pattern that begins with a host": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {repositories: {exclude: [b-registry.cn-zhangjiakou.cr.aliyuncs.com/team/*]}}",
			`endpoints[0].rewrite.repositories.exclude[0]: Invalid value: "b-registry.cn-zhangjiakou.cr.aliyuncs.com/team/*": begins with a registry host: write the repository's path without it`,
		},
		"the domain of the cloud as an endpoint": {
			"name: cross-region.registry.io", "name: aliyuncs.com",
			`endpoints[0].name: Invalid value: "aliyuncs.com": is under aliyuncs.com, where no custom domain can be: write the domain that you set on the instances`,
		},
		"a region that is none": {
			"region: cn-hangzhou", "region: cn_hangzhou",
			`endpoints[0].instances[0].region: Invalid value: "cn_hangzhou": must be the ID of a region, such as cn-hangzhou`,
		},
		"a region that is missing": {
			"    region: cn-hangzhou\n", "",
			`endpoints[0].instances[0].region: Invalid value: "": must be the ID of a region, such as cn-hangzhou`,
		},
		"a TTL that is text but no duration": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  ttl: short",
			`endpoints[0].ttl: Invalid value: "short": must be a duration such as 5s: whole seconds from 1s to 24h`,
		},
		"an address with an IPv6 zone": {
			"[10.1.0.10]", "['fd00::1%eth0']",
			`endpoints[0].instances[0].internalAddresses[0]: Invalid value: "fd00::1%eth0": has an IPv6 zone: write the instance's address in its VPC`,
		},
		"no internal address and no VPC to learn it from": {
			example, strings.Replace(learning, "    internalAddresses: [10.1.0.10]\n", "", 1),
			"endpoints[0].instances[0].vpcID: Required value: needed to find the internal address: name the VPC whose zone holds it, or set internalAddresses",
		},
		"two internal addresses to learn from one VPC": {
			example, strings.NewReplacer("internalAddresses: [10.1.0.10]", "vpcID: vpc-x", "internalAddresses: [10.2.0.10]", "vpcID: vpc-x").Replace(learning),
			`endpoints[0].instances[1].vpcID: Invalid value: "vpc-x": stands at endpoints[0].instances[0].vpcID already: one zone can't hold two internal addresses: set internalAddresses on one of the instances`,
		},
		"a pattern with an empty element": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {repositories: {include: [team//*]}}",
			`endpoints[0].rewrite.repositories.include[0]: Invalid value: "team//*": the pattern "team//*" has an empty element: write it without a slash at its ends and without two in a row`,
		},
		"a pattern whose brackets stay open": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {repositories: {include: ['team/[a-']}}",
			`endpoints[0].rewrite.repositories.include[0]: Invalid value: "team/[a-": the pattern "team/[a-" is malformed: close its brackets, or escape them with a backslash`,
		},
		"a pattern of a class without anything": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {repositories: {include: ['team/[^]']}}",
			`endpoints[0].rewrite.repositories.include[0]: Invalid value: "team/[^]": the pattern "team/[^]" is malformed: close its brackets, or escape them with a backslash`,
		},
		"one address for two instances, once within IPv6": {
			"[10.1.0.10]", "['::ffff:10.2.0.10']", `endpoints[0].instances[1].internalAddresses[0]: Invalid value: "10.2.0.10": stands at endpoints[0].instances[0].internalAddresses[0] already: an address leads to one instance`,
		},
		"a pattern in uppercase": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {repositories: {include: [Team/*]}}",
			`endpoints[0].rewrite.repositories.include[0]: Invalid value: "Team/*": the pattern "Team/*" has an uppercase letter, which no repository has: write it in lowercase`,
		},
		"a pattern with a tag": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {repositories: {include: ['team/web:1']}}",
			`endpoints[0].rewrite.repositories.include[0]: Invalid value: "team/web:1": the pattern "team/web:1" has a tag or a digest, which are not matched: write the repository's path alone`,
		},
	}
}
