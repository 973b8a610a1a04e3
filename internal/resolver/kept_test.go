package resolver_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/resolver"
)

// restarted is a resolver that has read nothing since its start.
func restarted(t *testing.T, l resolver.LastGood, more ...string) *resolver.Core {
	t.Helper()
	c := resolver.NewCore("node-a", time.Now)
	c.Configure(example(t, more...), func(string) resolver.LastGood { return l })
	away := inputs.Object{Problem: "away"}
	c.Read(inputs.Snapshot{Switch: away, State: away})
	return c
}

func TestAnAnswerThatWasKeptIsKeptAcrossARestart(t *testing.T) {
	const atHangzhou = `{"target":"hangzhou/internal","addresses":["10.1.0.10"]}`
	for sentence, test := range map[string]struct {
		last         resolver.LastGood
		more         string
		served, from string
		hosts        string // of a file without a block
	}{
		"no address is known for the switch":          {resolver.LastGood{Switch: "zhangjiakou/public", Answer: atHangzhou}, "", hangzhou, "earlier", hangzhou},
		"the switch leads elsewhere by now":           {resolver.LastGood{Switch: "zhangjiakou", Answer: atHangzhou}, "", primary, "configuration", primary},
		"PrivateZone was followed":                    {resolver.LastGood{Switch: "hangzhou/public", Answer: `{"target":"privatezone","addresses":["10.2.0.99"]}`}, "", fromZone, "earlier", ""},
		"PrivateZone was followed, and always pinned": {resolver.LastGood{Switch: "hangzhou/public", Answer: `{"target":"privatezone","addresses":["10.2.0.99"]}`}, "node: {hosts: Always}", fromZone, "earlier", fromZone},
		"the switch isn't valid any more":             {resolver.LastGood{Switch: "shanghai", Answer: `{"target":"shanghai/internal","addresses":["10.3.0.10"]}`}, "", "10.3.0.10", "earlier", "10.3.0.10"},
		"nobody had decided":                          {resolver.LastGood{Answer: atHangzhou}, "", hangzhou, "earlier", ""},
		"it has a loopback address":                   {resolver.LastGood{Switch: "zhangjiakou/public", Answer: `{"target":"hangzhou/internal","addresses":["10.1.0.10","127.0.0.1"]}`}, "", "nothing", "", ""},
		"it has no address":                           {resolver.LastGood{Switch: "zhangjiakou/public", Answer: `{"target":"hangzhou/internal"}`}, "", "nothing", "", ""},
		"it has no network":                           {resolver.LastGood{Switch: "zhangjiakou/public", Answer: `{"target":"hangzhou","addresses":["10.1.0.10"]}`}, "", "nothing", "", ""},
		"it can't be read":                            {resolver.LastGood{Switch: "zhangjiakou/public", Answer: `{`}, "", "nothing", "", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := restarted(t, test.last, test.more)
			if got := served(c); got != test.served {
				t.Errorf("served is %s, want %s", got, test.served)
			}
			if got := c.Served()[0]; got.From != test.from || got.Target != "" && (got.TTL != 5 || got.Serial == 0) {
				t.Errorf("it is from %q, want %q; TTL %v, serial %d", got.From, test.from, got.TTL, got.Serial)
			}
			if got := inHosts(t, c, "127.0.0.1 localhost\n"); got != test.hosts {
				t.Errorf("the hosts file has %q, want %q", got, test.hosts)
			}
			if got := inHosts(t, c, earlier); test.from != "configuration" && got != "10.9.9.9" {
				t.Errorf("of a block that is there the hosts file has %q", got)
			}
		})
	}
}

// All that the answer came from is away: the switch says something else since,
// nobody knows the address of that, and somebody has written the hosts file anew.
func TestWithNoAddressForTheSwitchTheAnswerBeforeOutlivesARestart(t *testing.T) {
	s := newSite(t, netip.MustParseAddrPort("127.0.0.1:1"))
	s.write("switch/"+name, "hangzhou")
	stop := s.run()
	s.await("hangzhou is in force", func() bool { return s.answer() == hangzhou && s.hosts() == block })
	s.write("switch/"+name, "hangzhou/public")
	s.await("its address isn't known", func() bool { return s.metric("registry_failover_answer_current", name) == 0 })
	s.await("the switch is remembered", func() bool {
		text, err := os.ReadFile(filepath.Join(s.dir, "cache/switch", name))
		return err == nil && filepath.Base(string(text)) == "public"
	})
	stop()
	s.write("etc/hosts", "127.0.0.1 localhost\n")
	defer s.run()()
	s.await("DNS answers as before", func() bool { return s.answer() == hangzhou })
	s.await("the hosts file is as before", func() bool { return s.hosts() == block })
	if got := s.metric("registry_failover_answer_current", name); got != 0 {
		t.Errorf("answer_current is %v", got)
	}
}
