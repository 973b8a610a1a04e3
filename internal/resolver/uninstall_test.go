package resolver_test

import (
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/resolver"
)

func TestUninstallTakesTheBlockAwayAndNothingElse(t *testing.T) {
	leaving := func(s inputs.Snapshot) inputs.Snapshot { s.Switch.Mark = "force"; return s }
	gone := inputs.Snapshot{Switch: inputs.Object{Known: true, Problem: "it does not exist"}}
	left := func(s inputs.Snapshot) inputs.Snapshot { s.Switch.Mark = "true"; return s }
	away := leaving(read("hangzhou", "-"))
	away.Switch.Problem = "the API server can't be reached"
	tests := map[string]struct {
		snapshots []inputs.Snapshot
		want      bool // the block of a failover to hangzhou stands
	}{
		"without the annotation the block stands":                       {[]inputs.Snapshot{read("hangzhou", "-")}, true},
		"with it the block goes":                                        {[]inputs.Snapshot{leaving(read("hangzhou", "-"))}, false},
		"also where nobody has decided":                                 {[]inputs.Snapshot{leaving(read("-", "-"))}, false},
		"also with a switch that isn't valid":                           {[]inputs.Snapshot{leaving(read("hangzou", "-"))}, false},
		"a switch that vanished afterwards doesn't bring it back":       {[]inputs.Snapshot{leaving(read("hangzhou", "-")), gone}, false},
		"nor does an API server that is away":                           {[]inputs.Snapshot{away}, false},
		"a switch without the annotation does":                          {[]inputs.Snapshot{leaving(read("hangzhou", "-")), read("hangzhou", "-")}, true},
		"also one that was made anew":                                   {[]inputs.Snapshot{leaving(read("hangzhou", "-")), gone, read("hangzhou", "-")}, true},
		"a switch that vanished without the annotation changes nothing": {[]inputs.Snapshot{read("hangzhou", "-"), gone}, true},
		"a mark that was left before the failover changes nothing":      {[]inputs.Snapshot{left(read("hangzhou", "-"))}, true},
		"nor does it when the key vanishes":                             {[]inputs.Snapshot{left(read("hangzhou", "-")), left(read("-", "-"))}, true},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			c := newCore(t, "node-a", "node: {hosts: Always}")
			for _, s := range test.snapshots {
				c.Read(s)
			}
			if got := inHosts(t, c, earlier); (got == hangzhou) != test.want || got != hangzhou && got != "" {
				t.Errorf("the hosts file has %q, want the block: %t", got, test.want)
			}
			if c.Uninstalling() == test.want {
				t.Errorf("Uninstalling() = %t", c.Uninstalling())
			}
		})
	}
}

func TestUninstallIsNoAnswer(t *testing.T) {
	c := newCore(t, "node-a")
	s := read("hangzhou", "-")
	s.Switch.Mark = "force"
	c.Read(s)
	if got := served(c); got != hangzhou {
		t.Errorf("DNS serves %s", got)
	}
	if err := c.Ready(); err != nil || len(c.Problems()) > 0 {
		t.Errorf("it is a problem: %v, %q", err, c.Problems())
	}
}

func TestUninstallFromBeforeARestart(t *testing.T) {
	c := resolver.NewCore("node-a", time.Now)
	c.Uninstall()
	c.Configure(example(t), func(string) resolver.LastGood { return resolver.LastGood{Switch: "hangzhou"} })
	c.Read(inputs.Snapshot{Switch: inputs.Object{Problem: "away"}, State: inputs.Object{Problem: "away"}})
	if got := inHosts(t, c, earlier); got != "" {
		t.Errorf("before the switch is read, the hosts file has %q", got)
	}
	c.Read(read("hangzhou", "-"))
	if got := inHosts(t, c, ""); got != hangzhou {
		t.Errorf("with a switch that has no annotation the hosts file has %q", got)
	}
}
