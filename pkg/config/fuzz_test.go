package config_test

import (
	"testing"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// FuzzParse holds that no bytes make the parser panic, and that what it accepts can be used.
func FuzzParse(f *testing.F) {
	f.Add([]byte(read(f, "example.yaml")))
	f.Add([]byte(read(f, "full.yaml")))
	f.Add([]byte("node: {hosts: {a: b}}"))
	f.Add([]byte("endpoints: [{ttl: [1]}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("cluster.vpcID.x: 1\nendpoints.ttl.x: 1\npullSecrets.namespaces.x: 1\nhealth.interval.x: 1"))
	f.Add([]byte("cluster: {vpcID.x.y: 1}"))
	f.Add([]byte("---\nkind: Config\n...\n}"))
	f.Add([]byte("health: {failures: 1e30, interval: null}"))
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
