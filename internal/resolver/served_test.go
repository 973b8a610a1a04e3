package resolver_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/registry-failover/registry-failover/internal/resolver"
)

func TestServed(t *testing.T) {
	at, before := time.Unix(1000, 0), time.Unix(900, 0)
	addr := func(texts ...string) (addrs []netip.Addr) {
		for _, text := range texts {
			addrs = append(addrs, netip.MustParseAddr(text))
		}
		return addrs
	}
	byZone := resolver.Served{
		Endpoint: name, Switch: "privatezone", SwitchFrom: "switch",
		Target: "privatezone", Addresses: addr(fromZone), TTL: 5, Serial: 1000, From: "dns", LookedUp: &at,
	}
	for sentence, test := range map[string]struct {
		play func(c *resolver.Core)
		want func(s *resolver.Served)
	}{
		"PrivateZone's records are as old as their lookup": {
			func(c *resolver.Core) { c.Read(read("privatezone", "-")) }, func(*resolver.Served) {},
		},
		"a public endpoint's are as well": {
			func(c *resolver.Core) {
				c.Found(publicHost, records("203.0.113.10"))
				c.Read(read("hangzhou/public", "-"))
			},
			func(s *resolver.Served) {
				s.Switch, s.Target, s.CNAME, s.Addresses = "hangzhou/public", "hangzhou/public", publicHost, addr("203.0.113.10")
			},
		},
		"fixed addresses have no age": {
			func(c *resolver.Core) { c.Read(read("hangzhou", "-")) },
			func(s *resolver.Served) {
				s.Switch, s.Target, s.Addresses, s.From, s.LookedUp = "hangzhou", "hangzhou/internal", addr(hangzhou), "configuration", nil
			},
		},
		"what was looked up before a restart is as old as it was": {
			func(c *resolver.Core) {
				c.Recall(publicHost, records("203.0.113.10"), before)
				c.Read(read("hangzhou/public", "-"))
			},
			func(s *resolver.Served) {
				s.Switch, s.Target, s.CNAME, s.Addresses, s.LookedUp = "hangzhou/public", "hangzhou/public", publicHost, addr("203.0.113.10"), &before
			},
		},
		"of what an earlier version kept over a restart no age is known": {
			func(c *resolver.Core) {
				c.Recall(publicHost, records("203.0.113.10"), time.Time{})
				c.Read(read("hangzhou/public", "-"))
			},
			func(s *resolver.Served) {
				s.Switch, s.Target, s.CNAME, s.Addresses, s.LookedUp = "hangzhou/public", "hangzhou/public", publicHost, addr("203.0.113.10"), nil
			},
		},
		"a word that is none is told, and the one before stays": {
			func(c *resolver.Core) {
				c.Read(read("privatezone", "-"))
				c.Read(read("hangzou", "-"))
			},
			func(s *resolver.Served) { s.Problems = []string{"unknown target"} },
		},
		"an answer that is kept is from earlier, and as old as its lookup": {
			func(c *resolver.Core) {
				c.Read(read("privatezone", "-"))
				c.Read(read("hangzhou/public", "-"))
			},
			func(s *resolver.Served) {
				s.Switch, s.From, s.Problems = "hangzhou/public", "earlier", []string{"no usable address is known"}
			},
		},
		"one that a new configuration keeps is, too": {
			func(c *resolver.Core) {
				c.Read(read("privatezone", "-"))
				c.Configure(example(t, "privateZone: {source: API}", "credentials: {provider: RRSA}"), nothing)
			},
			func(s *resolver.Served) {
				s.From, s.Problems = "earlier", []string{"no usable address is known"}
			},
		},
		"a record that counts still does after a new configuration": {
			func(c *resolver.Core) {
				c.Read(read("-", `{"version":1,"lastSwitch":"hangzhou"}`))
				c.Configure(example(t), nothing)
			},
			func(s *resolver.Served) {
				s.Switch, s.SwitchFrom, s.Target, s.Addresses, s.From, s.LookedUp = "hangzhou", "state", "hangzhou/internal", addr(hangzhou), "configuration", nil
				s.Problems = []string{"no such key"}
			},
		},
		"the state's record counts where the switch is missing": {
			func(c *resolver.Core) { c.Read(read("-", `{"version":1,"lastSwitch":"hangzhou"}`)) },
			func(s *resolver.Served) {
				s.Switch, s.SwitchFrom, s.Target, s.Addresses, s.From, s.LookedUp = "hangzhou", "state", "hangzhou/internal", addr(hangzhou), "configuration", nil
				s.Problems = []string{"no such key"}
			},
		},
		"before anything is read nothing is served": {
			func(*resolver.Core) {},
			func(s *resolver.Served) { *s = resolver.Served{Endpoint: name, SwitchFrom: "nothing"} },
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newCore(t, "")
			test.play(c)
			want, got := byZone, c.Served()
			test.want(&want)
			problems := got[0].Problems
			if len(problems) != len(want.Problems) || len(problems) > 0 && !strings.Contains(problems[0], want.Problems[0]) {
				t.Errorf("the problems are %q, not %q", problems, want.Problems)
			}
			if diff := cmp.Diff([]resolver.Served{want}, got, cmpopts.IgnoreFields(resolver.Served{}, "Problems"), cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnswersArePublishedWithTheirTarget(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.read <- read("hangzhou", "-")
		synctest.Wait()
		page := httptest.NewRecorder()
		b.resolver.ServeAnswers(page, nil)
		var all []map[string]any
		if err := json.Unmarshal(page.Body.Bytes(), &all); err != nil {
			t.Fatal(err, page.Body)
		}
		if len(all) != 1 || all[0]["target"] != "hangzhou/internal" || all[0]["from"] != "configuration" || all[0]["age"] != nil {
			t.Errorf("it tells %s", page.Body)
		}
		if b.metric("registry_failover_answer_target", name) != 1 || b.metric("registry_failover_answer_looked_up_timestamp_seconds", name) != -1 {
			t.Error("the metrics tell another story")
		}
	})
}
