package resolver_test

import (
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/resolver"
)

func TestReconfigure(t *testing.T) {
	t.Run("an endpoint that stays keeps its switch", func(t *testing.T) {
		c := newCore(t, "")
		c.Read(read("hangzhou", "-"))
		c.Read(read("hangzou", "-"))
		c.Configure(example(t, "node: {hosts: Always}"), nothing)
		if got := served(c); got != hangzhou {
			t.Errorf("served is %s", got)
		}
	})
	t.Run("new addresses are served at once", func(t *testing.T) {
		c := newCore(t, "")
		c.Read(read("hangzhou", "-"))
		cfg := example(t)
		cfg.Endpoints[0].Instances[0].InternalAddresses = []string{"10.1.0.77"}
		c.Configure(cfg, nothing)
		if got := served(c); got != "10.1.0.77" {
			t.Errorf("served is %s", got)
		}
	})
	t.Run("an instance that left does not end the failover to it", func(t *testing.T) {
		for what, snapshot := range map[string]inputs.Snapshot{
			"by the switch": read("hangzhou", "-"),
			"by the record": read("-", `{"version":1,"lastSwitch":"hangzhou"}`),
		} {
			c := newCore(t, "")
			c.Read(snapshot)
			c.Configure(without(t, "hangzhou"), nothing)
			c.Found(name, records(fromZone))
			if got := served(c); got != hangzhou {
				t.Errorf("%s: served is %s", what, got)
			}
			if got := inHosts(t, c, earlier); got != "10.9.9.9" {
				t.Errorf("%s: the hosts file has %q", what, got)
			}
			if c.Ready() == nil || len(c.Problems()) == 0 {
				t.Errorf("%s: nothing is reported", what)
			}
			c.Configure(example(t), nothing)
			if err := c.Ready(); err != nil {
				t.Errorf("%s: with the instance back: %v", what, err)
			}
		}
	})
	t.Run("while the switch is missing, the next record still counts", func(t *testing.T) {
		c := newCore(t, "")
		c.Read(read("-", `{"version":1,"lastSwitch":"hangzhou"}`))
		c.Configure(example(t), nothing)
		c.Read(read("-", `{"version":1,"lastSwitch":"zhangjiakou"}`))
		if got := served(c); got != primary {
			t.Errorf("served is %s", got)
		}
	})
	t.Run("a start with a remembered switch to it leaves the hosts file alone", func(t *testing.T) {
		c := resolver.NewCore("node-a", time.Now)
		c.Configure(without(t, "hangzhou"), func(string) resolver.LastGood { return resolver.LastGood{Switch: "hangzhou"} })
		c.Found(name, records(fromZone))
		c.Read(read("hangzhou", "-"))
		if got := served(c); got != "nothing" {
			t.Errorf("served is %s", got)
		}
		c.Assume()
		if got := served(c); got != fromZone {
			t.Errorf("after a while served is %s", got)
		}
		if got := inHosts(t, c, earlier); got != "10.9.9.9" {
			t.Errorf("the hosts file has %q", got)
		}
		c.Read(read("zhangjiakou", "-"))
		if got := served(c); got != primary {
			t.Errorf("with a valid switch served is %s", got)
		}
	})
	t.Run("an endpoint that left is neither served nor in the hosts file", func(t *testing.T) {
		c := newCore(t, "")
		c.Read(read("hangzhou", "-"))
		cfg := example(t)
		cfg.Endpoints[0].Name = "other.registry.io"
		c.Configure(cfg, nothing)
		if zones := c.Zones(); len(zones) != 1 || zones[0].Name != "other.registry.io" {
			t.Errorf("served is %v", zones)
		}
		if got := inHosts(t, c, "# BEGIN registry-failover\n10.1.0.10 cross-region.registry.io\n# END registry-failover\n"); got != "" {
			t.Errorf("the hosts file has %q", got)
		}
	})
}
