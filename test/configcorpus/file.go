package configcorpus

import (
	"fmt"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// files are mistakes of what is not one readable document of known keys.
func files(example string) map[string]Mistake {
	return map[string]Mistake{
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
			"endpoints[0].instances[0].name: is true or false and must be a string: put it in quotes",
		},
		"an unknown key with a dot below a text": {
			"vpcID: vpc-bbbbb", "vpcID: vpc-bbbbb\n  vpcID.x: 1",
			"cluster.vpcID.x: Forbidden: unknown key: remove it",
		},
		"an unknown key with two dots below a text": {
			"vpcID: vpc-bbbbb", "vpcID: vpc-bbbbb\n  vpcID.x.y: 1",
			"cluster.vpcID.x.y: Forbidden: unknown key: remove it",
		},
		"an unknown key with dots at the top": {
			"kind: Config", "kind: Config\ncluster.vpcID.x: 1",
			"cluster.vpcID.x: Forbidden: unknown key: remove it",
		},
		"an unknown key with a dot below a duration": {
			"kind: Config", "kind: Config\nhealth.interval.x: 1",
			"health.interval.x: Forbidden: unknown key: remove it",
		},
		"an unknown key with a dot below an endpoint's TTL": {
			"kind: Config", "kind: Config\nendpoints.ttl.x: 1",
			"endpoints.ttl.x: Forbidden: unknown key: remove it",
		},
		"an unknown key with a dot below a list of texts": {
			"kind: Config", "kind: Config\npullSecrets.namespaces.x: 1",
			"pullSecrets.namespaces.x: Forbidden: unknown key: remove it",
		},
		"an unknown key with a dot below nothing": {
			"kind: Config", "kind: Config\nx.y: 1",
			"x.y: Forbidden: unknown key: remove it",
		},
		"a second document": {
			"", "---\nkind: Config\n",
			"the configuration is 2 YAML documents: write one, without a line --- or ... in between",
		},
		"a second document on the marker's line": {
			"", "--- {kind: Config}\n",
			"the configuration is 2 YAML documents: write one, without a line --- or ... in between",
		},
		"a second document after a marker with a tab and a carriage return": {
			"", "---\t\r\nkind: Config\r\n",
			"the configuration is 2 YAML documents: write one, without a line --- or ... in between",
		},
		"text after the end of the document": {
			"", "...\n}garbage\n",
			"the configuration is 2 YAML documents: write one, without a line --- or ... in between",
		},
		"a text instead of a mapping": {
			example, "text",
			"the configuration: is a string and must be a mapping",
		},
		"a list instead of a mapping": {
			"kind: Config", "kind: Config\nnode: []",
			"node: is a list and must be a mapping",
		},
		"a mapping instead of a list": {
			"kind: Config", "kind: Config\npullSecrets: {namespaces: {a: b}}",
			"pullSecrets.namespaces: is a mapping and must be a list",
		},
		"a number in a list of texts": {
			"kind: Config", "kind: Config\npullSecrets: {namespaces: [a, 5]}",
			"pullSecrets.namespaces[1]: is the number 5 and must be a string: put it in quotes",
		},
		"a number instead of a boolean": {
			"kind: Config", "kind: Config\nprivateZone: {writeBack: 1}",
			"privateZone.writeBack: is the number 1 and must be true or false",
		},
		"a text instead of a share": {
			"kind: Config", "kind: Config\nfailover: {readyShare: most}",
			"failover.readyShare: is a string and must be a number",
		},
		"a fraction instead of a whole number": {
			"kind: Config", "kind: Config\nhealth: {failures: 1.5}",
			"health.failures: is the number 1.5 and must be a whole number",
		},
		"a number that is too large": {
			"kind: Config", "kind: Config\nhealth: {failures: 100000000000000000000}",
			"health.failures: is the number 1e+20, which is too large, and must be a whole number",
		},
		"more than a ConfigMap holds": {
			"", strings.Repeat("#", config.MaxBytes),
			fmt.Sprintf("the configuration is %d bytes long: at most 1048576 are read", config.MaxBytes+len(example)),
		},
	}
}
