package config_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/config"
)

var update = flag.Bool("update", false, "write the golden files")

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../testdata/config", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestGoldenFiles compares what each example means, with every default filled in.
func TestGoldenFiles(t *testing.T) {
	for _, name := range []string{"example", "full"} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Parse([]byte(read(t, name+".yaml")))
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(c, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := name + ".parsed.json"
			if *update {
				if err := os.WriteFile(filepath.Join("../../testdata/config", golden), append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(read(t, golden), string(got)+"\n"); diff != "" {
				t.Error(diff)
			}
			again, err := config.Parse(got)
			if err != nil {
				t.Fatalf("what was parsed can't be parsed again: %v", err)
			}
			if diff := cmp.Diff(c, again); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBadInput edits the example in one place, or appends to it where old is
// empty, and expects that one sentence.
func TestBadInput(t *testing.T) {
	example := read(t, "example.yaml")
	second := strings.NewReplacer("cri-aaaaa", "cri-ccccc", "cri-bbbbb", "cri-ddddd", "a-registry", "c-registry", "b-registry", "d-registry").
		Replace(example[strings.Index(example, "- name: cross-region"):])
	tests := map[string]struct{ old, new, want string }{
		"an unknown key at the top": {
			"kind: Config", "kind: Config\nendpoint: x",
			`endpoint: Forbidden: unknown key: the keys here are apiVersion, kind, cluster, admission, privateZone, node, pullSecrets, credentials, health, failover, endpoints`,
		},
		"an unknown key below": {
			"kind: Config", "kind: Config\nnode: {host: Always}",
			`node.host: Forbidden: unknown key: the keys here are hosts, resetConnections`,
		},
		"an unknown key in a list": {
			"region: cn-hangzhou", "region: cn-hangzhou\n    netwrk: public",
			`endpoints[0].instances[0].netwrk: Forbidden: unknown key: the keys here are name, id, region, publicEndpoint, internalEndpoint, network, vpcID, internalAddresses`,
		},
		"a key in another case": {
			"kind: Config", "Kind: Config",
			"Kind: Forbidden: unknown key: the keys here are apiVersion, kind, cluster, admission, privateZone, node, pullSecrets, credentials, health, failover, endpoints\nkind: Required value: write Config",
		},
		"a key twice": {
			"kind: Config", "kind: Config\nkind: Config",
			"the configuration is not readable YAML: unmarshal errors:\n  line 4: key \"kind\" already set in map",
		},
		"no YAML": {
			example, "{", "the configuration is not readable YAML: line 1: did not find expected node content",
		},
		"nothing": {
			example, "", "apiVersion: Required value: write registry-failover.io/v1alpha1\nkind: Required value: write Config\nendpoints: Required value: configure at least one shared endpoint",
		},
		"a text instead of a number": {
			"kind: Config", "kind: Config\nhealth: {failures: many}",
			"health.failures: is a string and must be a whole number",
		},
		"a YAML boolean instead of a name": {
			"- name: hangzhou", "- name: no",
			"endpoints.instances.name: is a bool and must be a string: put it in quotes",
		},
		"a newer version": {
			"v1alpha1", "v2", `apiVersion: Invalid value: "registry-failover.io/v2": must be registry-failover.io/v1alpha1`,
		},
		"two endpoints of one name": {
			"", second,
			`endpoints[1].name: Invalid value: "cross-region.registry.io": stands at endpoints[0].name already: configure each endpoint once`,
		},
		"an instance host that equals the endpoint": {
			"a-registry.cn-hangzhou.cr.aliyuncs.com", "cross-region.registry.io",
			`endpoints[0].instances[0].publicEndpoint: Invalid value: "cross-region.registry.io": is a shared endpoint itself (endpoints[0].name), so rewriting would go in a circle: write the instance's own host`,
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
		"an empty instance list": {
			example[strings.Index(example, "  instances:"):], "  instances: []\n",
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
		"an instance host with a scheme": {
			"publicEndpoint: a-registry", "publicEndpoint: https://a-registry",
			`endpoints[0].instances[0].publicEndpoint: Invalid value: "https://a-registry.cn-hangzhou.cr.aliyuncs.com": must be the instance's host name, lowercase, without scheme, port and final dot`,
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
		"source API without credentials": {
			"kind: Config", "kind: Config\nprivateZone: {source: API}",
			`privateZone.source: Invalid value: "API": needs cloud credentials: set credentials.provider, or use VPCDNS`,
		},
		"write-back without credentials": {
			"kind: Config", "kind: Config\nprivateZone: {writeBack: true}",
			`privateZone.writeBack: Invalid value: true: needs cloud credentials: set credentials.provider`,
		},
		"pull secrets without namespaces": {
			"kind: Config", "kind: Config\npullSecrets: {mode: Check}",
			`pullSecrets.namespaces: Required value: list the namespaces, or write ["*"] for all`,
		},
		"all namespaces and one more": {
			"kind: Config", "kind: Config\npullSecrets: {mode: Check, namespaces: [a, '*']}",
			`pullSecrets.namespaces[1]: Invalid value: "*": stands for all namespaces: remove the others`,
		},
		"a field of another provider": {
			"kind: Config", "kind: Config\ncredentials: {provider: RRSA, secretName: key}",
			`credentials.secretName: Forbidden: belongs to provider AccessKey or STS: remove it or change the provider`,
		},
		"an access key without its Secret": {
			"kind: Config", "kind: Config\ncredentials: {provider: AccessKey}",
			`credentials.secretName: Invalid value: "": must name the Secret that holds the key`,
		},
		"an unknown mode": {
			"kind: Config", "kind: Config\nnode: {hosts: Sometimes}",
			`node.hosts: Invalid value: "Sometimes": must be OnFailover, Always or Off`,
		},
		"a mode that is a number": {
			"kind: Config", "kind: Config\nnode: {hosts: 5}",
			`node.hosts: Invalid value: "5": must be OnFailover, Always or Off`,
		},
		"a health interval of zero": {
			"kind: Config", "kind: Config\nhealth: {interval: 0s}",
			`health.interval: Invalid value: "0s": must be a duration such as 5s`,
		},
		"no failure needed": {
			"kind: Config", "kind: Config\nhealth: {failures: 0}",
			`health.failures: Invalid value: 0: must be at least 1`,
		},
		"a canary by tag": {
			"kind: Config", "kind: Config\nhealth: {canary: 'demo/web:1'}",
			`health.canary: Invalid value: "demo/web:1": must be a repository and a digest without a host, such as demo/web@sha256:…`,
		},
		"a share above one": {
			"kind: Config", "kind: Config\nfailover: {readyShare: 95}",
			`failover.readyShare: Invalid value: 95: must be above 0 and at most 1`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(example, test.old, test.new, 1)
			if test.old == "" {
				text = example + test.new
			}
			if text == example {
				t.Fatal("the example has nothing to replace")
			}
			_, err := config.Parse([]byte(text))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOffNeedsNoQuotes(t *testing.T) {
	for _, off := range []string{"Off", `"Off"`, "off", "false"} {
		c, err := config.Parse([]byte(read(t, "example.yaml") + "node: {hosts: " + off + "}\npullSecrets: {mode: " + off + "}\n"))
		if err != nil {
			t.Errorf("%s: %v", off, err)
		} else if c.Node.Hosts != config.HostsOff || c.PullSecrets.Mode != config.PullSecretsOff {
			t.Errorf("%s is read as %q and %q", off, c.Node.Hosts, c.PullSecrets.Mode)
		}
	}
}

// FuzzParse holds that no bytes make the parser panic, and that what it accepts can be used.
func FuzzParse(f *testing.F) {
	f.Add([]byte(read(f, "example.yaml")))
	f.Add([]byte(read(f, "full.yaml")))
	f.Add([]byte("node: {hosts: {a: b}}"))
	f.Add([]byte("endpoints: [{ttl: [1]}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse(data)
		if err != nil {
			return
		}
		if _, err := c.Rewriter(); err != nil {
			t.Errorf("a valid configuration gives no rewriter: %v", err)
		}
		for _, z := range c.Zones() {
			for _, word := range z.Words() {
				if _, err := z.ParseSwitch(word); err != nil {
					t.Errorf("the word %q is refused: %v", word, err)
				}
			}
		}
	})
}
