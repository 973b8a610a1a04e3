package resolver_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/nodehosts"
	"github.com/registry-failover/registry-failover/internal/resolver"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// These tests try to bring lines into the hosts file that nobody may bring there:
// each begins with a failover to hangzhou, and tells which addresses the block
// has after it. Nothing else may have changed.

// manyAddrs is a JSON list of n addresses, 250 of them different.
func manyAddrs(n int) string {
	var some strings.Builder
	for i := range 250 {
		fmt.Fprintf(&some, `"10.6.6.%d",`, i+1)
	}
	return "[" + strings.Repeat(some.String(), n/250) + strings.Repeat(`"10.6.6.6",`, n%250) + `"10.6.6.6"]`
}

func TestNothingForgedGetsIntoTheHostsFile(t *testing.T) {
	const line = "10.6.6.6 evil.example.com"
	sw := func(value string) func(*resolver.Core) {
		return func(c *resolver.Core) { c.Read(read(value, "-")) }
	}
	state := func(zones string) func(*resolver.Core) {
		return func(c *resolver.Core) { c.Read(read("privatezone", `{"version":1,"zones":`+zones+`}`)) }
	}
	for sentence, test := range map[string]struct {
		forge func(*resolver.Core)
		want  string
	}{
		"a switch with an address":                 {sw("10.6.6.6"), hangzhou},
		"a switch with a line behind its word":     {sw("hangzhou\n" + line), hangzhou},
		"a switch with a line in its reason":       {sw("to: hangzhou\nreason: x\r" + line), hangzhou},
		"a switch that ends the block":             {sw("hangzhou\n# END registry-failover\n" + line), hangzhou},
		"a switch to a host name":                  {sw("evil.example.com"), hangzhou},
		"a switch of a million lines":              {sw("hangzhou\n" + strings.Repeat(line+"\n", 1_000_000)), hangzhou},
		"a switch for names that are no endpoints": {func(c *resolver.Core) { c.Read(forgedKeys("hangzhou", "-")) }, hangzhou},

		"a state with a line for an address":    {state(`{"vpc-bbbbb":{"addresses":["` + `10.6.6.6 evil.example.com` + `"]}}`), hangzhou},
		"a state with a newline in an address":  {state(`{"vpc-bbbbb":{"addresses":["10.6.6.6\n10.6.6.6 evil.example.com"]}}`), hangzhou},
		"a state with a newline in a zone":      {state(`{"vpc-bbbbb":{"addresses":["fe80::1%x\n10.6.6.6 evil.example.com"]}}`), hangzhou},
		"a state with a newline in a CNAME":     {state(`{"vpc-bbbbb":{"cname":"x\n10.6.6.6 evil.example.com"}}`), hangzhou},
		"a state with addresses of the node":    {state(`{"vpc-bbbbb":{"addresses":["127.0.0.1","::1","::ffff:127.0.0.1","0.0.0.0","169.254.169.254","224.0.0.1","100.100.100.200"]}}`), hangzhou},
		"of those the ones that a registry has": {state(`{"vpc-bbbbb":{"addresses":["127.0.0.1","10.2.0.55","100.100.2.136"]}}`), "10.2.0.55"},
		"a state of another VPC":                {state(`{"vpc-evil":{"addresses":["10.6.6.6"]}}`), hangzhou},
		"a state of 257 addresses":              {state(`{"vpc-bbbbb":{"addresses":` + manyAddrs(256) + `}}`), hangzhou},
		"a state of a million addresses":        {state(`{"vpc-bbbbb":{"addresses":` + manyAddrs(999_999) + `}}`), hangzhou},
		"a state for names that are no endpoints": {func(c *resolver.Core) {
			c.Read(forgedKeys("hangzhou", `{"version":1,"zones":{"vpc-bbbbb":{"addresses":["10.6.6.6"]}}}`))
		}, hangzhou},
		"a state with a forged last switch": {func(c *resolver.Core) { c.Read(read("-", `{"version":1,"lastSwitch":"hangzhou\n`+line+`"}`)) }, hangzhou},

		"an answer for a name that nobody asked for": {func(c *resolver.Core) { c.Found("evil.example.com", records("10.6.6.6")) }, hangzhou},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := resolver.NewCore("node-a", func() time.Time { return time.Unix(1000, 0) })
			c.Configure(example(t, "privateZone: {source: API}", "credentials: {provider: RRSA}", "node: {hosts: Always}"), nothing)
			c.Read(read("hangzhou", "-"))
			c.Block()
			test.forge(c)
			content, err := nodehosts.Render([]byte(block), c.Block())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Replace(block, hangzhou, test.want, 1), string(content)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// forgedKeys are valid values under names that are no endpoints.
func forgedKeys(sw, state string) inputs.Snapshot {
	s := read("hangzhou", "-")
	for _, key := range []string{"evil.example.com", "localhost", "CROSS-REGION.registry.io", "x\n10.6.6.6 evil.example.com", ""} {
		s.Switch.Values[key] = sw
		s.State.Values[key] = state
	}
	return s
}

func TestNoConfigurationForgesLines(t *testing.T) {
	const valid = "name: cross-region.registry.io"
	text := func(from, to string) string {
		return strings.Replace(string(exampleText(t)), from, to, 1)
	}
	for sentence, forged := range map[string]string{
		"a name with a newline":           text(valid, `name: "cross-region.registry.io\n10.6.6.6 evil.example.com"`),
		"a name with an alias":            text(valid, `name: "cross-region.registry.io evil.example.com"`),
		"a name of the node's own":        text(valid, "name: localhost"),
		"a name of the cloud's own":       text(valid, "name: registry-vpc.cn-hangzhou.aliyuncs.com"),
		"a line for an address":           text("[10.1.0.10]", `["10.6.6.6 evil.example.com"]`),
		"a newline in an address":         text("[10.1.0.10]", `["fe80::1%x\n10.6.6.6 evil.example.com"]`),
		"an address of the node":          text("[10.1.0.10]", "[127.0.0.1]"),
		"an address of the cloud's own":   text("[10.1.0.10]", "[100.100.100.200]"),
		"a million addresses":             text("[10.1.0.10]", manyAddrs(999_999)),
		"a host with a newline to ask of": text("a-registry.cn-hangzhou", `"a\n10.6.6.6 evil"`),
	} {
		if _, err := config.Parse([]byte(forged)); err == nil {
			t.Errorf("%s: it is taken", sentence)
		}
	}
}

// Each server answers every question with the address of a registry and with what
// is forged, or with the latter alone.
func TestNoDNSAnswerForgesLines(t *testing.T) {
	const good = "203.0.113.10"
	thousand := make([]string, 1000)
	for i := range thousand {
		thousand[i] = fmt.Sprintf("QUESTION 5 A 10.6.%d.%d", i>>8, i&255)
	}
	for sentence, test := range map[string]struct {
		records []string
		want    string
	}{
		"records of other names":            {[]string{"QUESTION 5 A " + good, "evil.example.com. 5 A 10.6.6.6", "localhost. 5 A 10.6.6.6", name + ". 5 A 10.6.6.6"}, good},
		"a record of the parent":            {[]string{"QUESTION 5 A " + good, "com. 5 A 10.6.6.6", ". 5 A 10.6.6.6"}, good},
		"a name with a newline":             {[]string{"QUESTION 5 A " + good, `QUESTION\01010.6.6.6\032evil.example.com. 5 A 10.6.6.6`}, good},
		"addresses of the node and cloud":   {[]string{"QUESTION 5 A 127.0.0.1", "QUESTION 5 A " + good, "QUESTION 5 A 0.0.0.0", "QUESTION 5 A 169.254.169.254", "QUESTION 5 A 100.100.2.136", "QUESTION 5 A 255.255.255.255"}, good},
		"nothing but addresses of the node": {[]string{"QUESTION 5 A 127.0.0.1", "QUESTION 5 A 127.0.0.2"}, hangzhou},
		"a CNAME with a newline":            {[]string{`QUESTION 5 CNAME x\01010.6.6.6\032evil.example.com.`, `x\01010.6.6.6\032evil.example.com. 5 A ` + good}, good},
		"a CNAME in a circle":               {[]string{"QUESTION 5 CNAME evil.example.com.", "evil.example.com. 5 CNAME QUESTION"}, hangzhou},
		"a thousand records":                {thousand, hangzhou},
		"texts":                             {[]string{`QUESTION 5 TXT "10.6.6.6 evil.example.com"`}, hangzhou},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			u := newUpstream(t)
			u.set(forger(t, test.records))
			s := newSite(t, u.addr)
			s.write("switch/"+name, "hangzhou")
			defer s.run()()
			s.await("the hosts file has hangzhou", func() bool { return s.hosts() == block })
			s.write("switch/"+name, "hangzhou/public")
			s.await("the public endpoint is looked up", func() bool {
				return s.hosts() != block || s.metric("registry_failover_lookup_success", publicHost) == 0 || s.metric("registry_failover_answer_current", name) == 0
			})
			want := strings.Replace(block, hangzhou, test.want, 1)
			if test.want != hangzhou {
				s.await("the hosts file has what isn't forged", func() bool { return s.hosts() == want })
			}
			if diff := cmp.Diff(want, s.hosts()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// forger answers A with the records, in which QUESTION is the name that was asked for.
func forger(t *testing.T, records []string) func(dns.ResponseWriter, *dns.Msg) {
	t.Helper()
	return func(w dns.ResponseWriter, r *dns.Msg) {
		reply := new(dns.Msg).SetReply(r)
		if r.Question[0].Qtype == dns.TypeA {
			for _, text := range records {
				rr, err := dns.NewRR(strings.ReplaceAll(text, "QUESTION", r.Question[0].Name))
				if err != nil {
					t.Error(err)
				}
				reply.Answer = append(reply.Answer, rr)
			}
		}
		_ = w.WriteMsg(reply)
	}
}
