package configcorpus

import "strings"

// hosts are mistakes of the hosts that are rewritten.
func hosts(example string) map[string]Mistake {
	second := secondEndpoint(example)
	return map[string]Mistake{
		"an instance host that equals the endpoint": {
			"a-registry.cn-hangzhou.cr.aliyuncs.com", "cross-region.registry.io",
			`endpoints[0].instances[0].publicEndpoint: Invalid value: "cross-region.registry.io": is a shared endpoint itself (endpoints[0].name), so rewriting would go in a circle: write the instance's own host`,
		},
		"an instance host that equals another endpoint": {
			"", strings.NewReplacer("cross-region", "other", "c-registry.cn-hangzhou.cr.aliyuncs.com", "cross-region.registry.io").Replace(second),
			`endpoints[1].instances[0].publicEndpoint: Invalid value: "cross-region.registry.io": is a shared endpoint itself (endpoints[0].name), so rewriting would go in a circle: write the instance's own host`,
		},
		"an extra source that is an endpoint configured later, in another case": {
			"endpoints:\n", "endpoints:\n" + strings.NewReplacer("cross-region", "other",
				"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {extraSources: [Cross-Region.registry.io]}").Replace(second),
			`endpoints[0].rewrite.extraSources[0]: Invalid value: "Cross-Region.registry.io": is a shared endpoint itself (endpoints[1].name), so rewriting would go in a circle: write the instance's own host`,
		},
		"a host that belongs to two endpoints": {
			"", strings.NewReplacer("cross-region", "other", "c-registry.cn", "a-registry.cn").Replace(second),
			`endpoints[1].instances[0].publicEndpoint: Invalid value: "a-registry.cn-hangzhou.cr.aliyuncs.com": stands at endpoints[0].instances[0].publicEndpoint already: a host can belong to one endpoint and one instance only`,
		},
		"an extra source that belongs to an instance, in another case": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {extraSources: [A-Registry.cn-hangzhou.cr.aliyuncs.com]}",
			`endpoints[0].rewrite.extraSources[0]: Invalid value: "a-registry.cn-hangzhou.cr.aliyuncs.com": stands at endpoints[0].instances[0].publicEndpoint already: a host can belong to one endpoint and one instance only`,
		},
		"an extra source with a path": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {extraSources: [https://x.example.com]}",
			`endpoints[0].rewrite.extraSources[0]: Invalid value: "https://x.example.com": must be a registry host or host:port, without scheme and path`,
		},
		"ACK's system images as a source": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {extraSources: [registry-cn-hangzhou.ack.aliyuncs.com]}",
			`endpoints[0].rewrite.extraSources[0]: Invalid value: "registry-cn-hangzhou.ack.aliyuncs.com": serves the system images of ACK, which must not depend on a failover: remove it`,
		},
		"an instance host with a scheme": {
			"publicEndpoint: a-registry", "publicEndpoint: https://a-registry",
			`endpoints[0].instances[0].publicEndpoint: Invalid value: "https://a-registry.cn-hangzhou.cr.aliyuncs.com": must be the instance's host name, lowercase, without scheme, port and final dot, and no IP address`,
		},
		"ACK's system images as a source with a port": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {extraSources: ['registry-cn-hangzhou.ack.aliyuncs.com:443']}",
			`endpoints[0].rewrite.extraSources[0]: Invalid value: "registry-cn-hangzhou.ack.aliyuncs.com:443": serves the system images of ACK, which must not depend on a failover: remove it`,
		},
		"ACK's system images as a source in another case": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {extraSources: ['Registry-cn-hangzhou.ACK.aliyuncs.com']}",
			`endpoints[0].rewrite.extraSources[0]: Invalid value: "Registry-cn-hangzhou.ACK.aliyuncs.com": serves the system images of ACK, which must not depend on a failover: remove it`,
		},
		"Docker Hub as a source": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {extraSources: ['docker.io']}",
			`endpoints[0].rewrite.extraSources[0]: Invalid value: "docker.io": is Docker Hub, where docker.io/nginx means library/nginx, so that with another host it would name another repository: remove it`,
		},
		"Docker Hub as a source in another case": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {extraSources: ['Docker.IO']}",
			`endpoints[0].rewrite.extraSources[0]: Invalid value: "Docker.IO": is Docker Hub, where docker.io/nginx means library/nginx, so that with another host it would name another repository: remove it`,
		},
		"Docker Hub's index as a source": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {extraSources: ['index.docker.io']}",
			`endpoints[0].rewrite.extraSources[0]: Invalid value: "index.docker.io": is Docker Hub, where docker.io/nginx means library/nginx, so that with another host it would name another repository: remove it`,
		},
		"Docker Hub's index as a source in another case": {
			"primary: zhangjiakou", "primary: zhangjiakou\n  rewrite: {extraSources: ['Index.docker.io']}",
			`endpoints[0].rewrite.extraSources[0]: Invalid value: "Index.docker.io": is Docker Hub, where docker.io/nginx means library/nginx, so that with another host it would name another repository: remove it`,
		},
		"ACK's system images as an instance's public host": {
			"publicEndpoint: a-registry.cn-hangzhou.cr.aliyuncs.com", "publicEndpoint: registry-cn-hangzhou.ack.aliyuncs.com",
			`endpoints[0].instances[0].publicEndpoint: Invalid value: "registry-cn-hangzhou.ack.aliyuncs.com": serves the system images of ACK, which must not depend on a failover: remove it`,
		},
		"an IP address as an instance's public host": {
			"publicEndpoint: a-registry.cn-hangzhou.cr.aliyuncs.com", "publicEndpoint: 10.1.0.10",
			`endpoints[0].instances[0].publicEndpoint: Invalid value: "10.1.0.10": must be the instance's host name, lowercase, without scheme, port and final dot, and no IP address`,
		},
		"ACK's system images as an instance's internal host": {
			"internalEndpoint: a-registry-vpc.cn-hangzhou.cr.aliyuncs.com", "internalEndpoint: registry-cn-hangzhou.ack.aliyuncs.com",
			`endpoints[0].instances[0].internalEndpoint: Invalid value: "registry-cn-hangzhou.ack.aliyuncs.com": serves the system images of ACK, which must not depend on a failover: remove it`,
		},
		"an IP address as an instance's internal host": {
			"internalEndpoint: a-registry-vpc.cn-hangzhou.cr.aliyuncs.com", "internalEndpoint: 10.1.0.10",
			`endpoints[0].instances[0].internalEndpoint: Invalid value: "10.1.0.10": must be the instance's host name, lowercase, without scheme, port and final dot, and no IP address`,
		},
	}
}
