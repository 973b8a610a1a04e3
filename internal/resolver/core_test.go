package resolver_test

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/nodehosts"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/resolver"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	name       = "cross-region.registry.io"
	hangzhou   = "10.1.0.10"
	primary    = "10.2.0.10"
	fromZone   = "10.2.0.99" // what PrivateZone says, so that it can be told from the instances
	publicHost = "a-registry.cn-hangzhou.cr.aliyuncs.com"
)

func exampleText(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func example(t testing.TB, more ...string) *config.Config {
	t.Helper()
	c, err := config.Parse([]byte(string(exampleText(t)) + strings.Join(more, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// earlier is a hosts file as an earlier run has left it.
const earlier = "# BEGIN registry-failover\n10.9.9.9 cross-region.registry.io\n# END registry-failover\n"

// without is the example with an instance under another name.
func without(t testing.TB, instance string) *config.Config {
	cfg := example(t)
	for i := range cfg.Endpoints[0].Instances {
		if cfg.Endpoints[0].Instances[i].Name == instance {
			cfg.Endpoints[0].Instances[i].Name = "shanghai"
		}
	}
	return cfg
}

func nothing(string) resolver.LastGood { return resolver.LastGood{} }

func records(addrs ...string) zone.Records {
	var r zone.Records
	for _, a := range addrs {
		r.Addrs = append(r.Addrs, netip.MustParseAddr(a))
	}
	return r
}

// read is what a source gives: the value of the switch and of the state;
// "-" stands for a key that is missing.
func read(sw, state string) inputs.Snapshot {
	object := func(value string) inputs.Object {
		o := inputs.Object{Known: true, Values: map[string]string{}}
		if value != "-" {
			o.Values[name] = value
		}
		return o
	}
	return inputs.Snapshot{Switch: object(sw), State: object(state)}
}

// newCore has looked up what PrivateZone says, and no more.
func newCore(t *testing.T, node string, more ...string) *resolver.Core {
	t.Helper()
	c := resolver.NewCore(node, func() time.Time { return time.Unix(1000, 0) })
	c.Configure(example(t, more...), nothing)
	c.Found(name, records(fromZone))
	return c
}

func served(c *resolver.Core) string {
	answer := c.Zones()[0].Answer
	if answer == nil {
		return "nothing"
	}
	var texts []string
	for _, a := range answer.Addrs {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, " ")
}

func inHosts(t *testing.T, c *resolver.Core, present string) string {
	t.Helper()
	content, err := nodehosts.Render([]byte(present), c.Block())
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, a := range nodehosts.Applied(content)[name] {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, " ")
}

// Each switch is read after a failover to hangzhou was accepted.
func TestWhatIsNotValidKeepsTheLastGood(t *testing.T) {
	tests := map[string]struct{ sw, want, problem string }{
		"a valid switch is in force":  {"privatezone", fromZone, ""},
		"an empty value":              {"", hangzhou, `endpoint "cross-region.registry.io": the switch is empty: write one of `},
		"an unknown word":             {"hangzou", hangzhou, `endpoint "cross-region.registry.io": unknown target "hangzou": one of `},
		"a line twice":                {"to: privatezone\nto: hangzhou", hangzhou, `endpoint "cross-region.registry.io": line 2 of the switch gives "to" a second time: keep one`},
		"a damaged value":             {"\x00\xff", hangzhou, `endpoint "cross-region.registry.io": unknown target "\x00\xff": one of `},
		"a missing key":               {"-", hangzhou, `endpoint "cross-region.registry.io": the switch has no such key: write one of its words`},
		"an unreachable instance":     {"zhangjiakou/public", hangzhou, `endpoint "cross-region.registry.io": zhangjiakou/public: no usable address is known for b-registry.cn-zhangjiakou.cr.aliyuncs.com`},
		"a switch for other nodes":    {"to: zhangjiakou\nfrom: hangzhou\nnodes: other", hangzhou, ""},
		"a switch for this node only": {"to: zhangjiakou\nfrom: hangzhou\nnodes: node-a", primary, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCore(t, "node-a")
			c.Read(read("hangzhou", "-"))
			c.Read(read(test.sw, "-"))
			if got := served(c); got != test.want {
				t.Errorf("served is %s, want %s", got, test.want)
			}
			problems := strings.Join(c.Problems(), "\n")
			if test.problem == "" && problems != "" || !strings.HasPrefix(problems, test.problem) {
				t.Errorf("problems are %q, want %q", problems, test.problem)
			}
			if c.Ready() != nil {
				t.Errorf("not ready: %v", c.Ready())
			}
		})
	}
}

func TestDeletedConfigMapKeepsTheLastGood(t *testing.T) {
	c := newCore(t, "")
	c.Read(read("hangzhou", "-"))
	c.Read(inputs.Snapshot{
		Switch: inputs.Object{Known: true, Problem: "ConfigMap registry-failover/registry-failover does not exist"},
		State:  inputs.Object{Known: true},
	})
	if got := served(c); got != hangzhou {
		t.Errorf("served is %s", got)
	}
	want := []string{"ConfigMap registry-failover/registry-failover does not exist"}
	if diff := cmp.Diff(want, c.Problems()); diff != "" {
		t.Error(diff)
	}
}

func TestAPIServerAwayIsReportedAndChangesNothing(t *testing.T) {
	c := newCore(t, "")
	s := read("hangzhou", "-")
	c.Read(s)
	s.Switch.Problem = "the API server can't be reached"
	c.Read(s)
	if got := served(c); got != hangzhou {
		t.Errorf("served is %s", got)
	}
	if diff := cmp.Diff([]string{"the API server can't be reached"}, c.Problems()); diff != "" {
		t.Error(diff)
	}
}

func TestStartWithoutLastGood(t *testing.T) {
	unread := inputs.Object{Problem: "the API server can't be reached"}
	missing := inputs.Object{Known: true}
	tests := map[string]struct {
		snapshot inputs.Snapshot
		assume   bool
		want     string
		keeps    bool // an earlier run's lines in the hosts file
		ready    bool
	}{
		"the switch is read":                           {read("zhangjiakou", `{"version":1,"lastSwitch":"hangzhou"}`), false, primary, false, true},
		"no switch, so the recorded one is in force":   {read("-", `{"version":1,"lastSwitch":"hangzhou"}`), false, hangzhou, false, true},
		"a bad switch, so the recorded one":            {read("hangzou", `{"version":1,"lastSwitch":"hangzhou"}`), false, hangzhou, false, true},
		"a bad switch and a bad record":                {read("hangzou", `{"version":1,"lastSwitch":"nowhere"}`), false, fromZone, true, true},
		"neither, so PrivateZone is followed":          {read("-", "-"), false, fromZone, true, true},
		"a switch that says privatezone":               {read("privatezone", "-"), false, fromZone, false, true},
		"nothing could be read: nothing is served":     {inputs.Snapshot{Switch: unread, State: unread}, false, "nothing", true, false},
		"the state could not be read: still nothing":   {inputs.Snapshot{Switch: missing, State: unread}, false, "nothing", true, false},
		"nothing could be read for long":               {inputs.Snapshot{Switch: unread, State: unread}, true, fromZone, true, false},
		"the state is a better source than assumption": {inputs.Snapshot{Switch: unread, State: read("-", `{"version":1,"lastSwitch":"hangzhou"}`).State}, true, hangzhou, false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCore(t, "node-a")
			c.Read(test.snapshot)
			if test.assume {
				c.Assume()
			}
			if got := served(c); got != test.want {
				t.Errorf("served is %s, want %s", got, test.want)
			}
			if got := inHosts(t, c, earlier); (got == "10.9.9.9") != test.keeps {
				t.Errorf("the hosts file has %q, keeps what it had: want %t", got, test.keeps)
			}
			if (c.Ready() == nil) != test.ready {
				t.Errorf("Ready() = %v", c.Ready())
			}
		})
	}
}

func TestRestartAnswersAsBefore(t *testing.T) {
	unread := inputs.Snapshot{Switch: inputs.Object{Problem: "away"}, State: inputs.Object{Problem: "away"}}
	c := resolver.NewCore("node-a", time.Now)
	c.Configure(example(t), func(string) resolver.LastGood { return resolver.LastGood{Switch: "hangzhou"} })
	c.Read(unread)
	if got := served(c); got != hangzhou {
		t.Errorf("served is %s", got)
	}
	if got := inHosts(t, c, ""); got != hangzhou {
		t.Errorf("the hosts file has %q", got)
	}
	c.Read(read("privatezone", "-"))
	c.Found(name, records(fromZone))
	if got := served(c); got != fromZone {
		t.Errorf("the switch that can be read again is not in force: %s", got)
	}
}

func TestHostsModes(t *testing.T) {
	tests := map[string]struct{ mode, sw, want string }{
		"OnFailover has no block while PrivateZone is followed": {"OnFailover", "privatezone", ""},
		"OnFailover has the instance's address":                 {"OnFailover", "hangzhou", hangzhou},
		"OnFailover has none on a node outside the drill":       {"OnFailover", "to: hangzhou\nfrom: privatezone\nnodes: other", ""},
		"Always pins what PrivateZone gives":                    {"Always", "privatezone", fromZone},
		"Off has no block":                                      {"Off", "hangzhou", ""},
		"a CNAME is flattened":                                  {"OnFailover", "hangzhou/public", "203.0.113.10 203.0.113.11"},
		"lines stay where no address is known":                  {"OnFailover", "zhangjiakou/public", "10.9.9.9"},
		"Off has no block even then":                            {"Off", "zhangjiakou/public", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCore(t, "node-a", "node: {hosts: "+test.mode+"}")
			c.Found(publicHost, records("203.0.113.10", "203.0.113.11"))
			c.Read(read(test.sw, "-"))
			if got := inHosts(t, c, earlier); got != test.want {
				t.Errorf("the hosts file has %q, want %q", got, test.want)
			}
		})
	}
}

func TestTheHostsFileFollowsTheAddressesBehindACNAME(t *testing.T) {
	c := newCore(t, "node-a")
	c.Read(read("hangzhou/public", "-"))
	for _, addr := range []string{"203.0.113.10", "203.0.113.77"} {
		c.Found(publicHost, records(addr))
		if got := inHosts(t, c, earlier); got != addr {
			t.Errorf("the hosts file has %q, want %s", got, addr)
		}
	}
}

func TestFailbackWaitsUntilPrivateZoneGivesAnAddress(t *testing.T) {
	c := resolver.NewCore("node-a", time.Now)
	c.Configure(example(t), nothing)
	c.Read(read("hangzhou", "-"))
	c.Read(read("privatezone", "-"))
	if got := served(c) + ", " + inHosts(t, c, earlier); got != hangzhou+", 10.9.9.9" {
		t.Errorf("pods and the node have %s", got)
	}
	c.Found(name, records(fromZone))
	if got := served(c) + ", " + inHosts(t, c, earlier); got != fromZone+", " {
		t.Errorf("with an address pods and the node have %s", got)
	}
}

func TestAssumedAnswerFollowsPrivateZone(t *testing.T) {
	c := newCore(t, "")
	c.Assume()
	c.Found(name, records("10.2.0.55"))
	if got := served(c); got != "10.2.0.55" {
		t.Errorf("served is %s", got)
	}
}

func TestUnreadableFileOfAnotherNameChangesNothing(t *testing.T) {
	c := newCore(t, "")
	s := read("hangzhou", "-")
	s.Switch.Unreadable = map[string]string{"junk": "junk can't be read"}
	c.Read(s)
	if got := c.Problems(); len(got) != 0 {
		t.Errorf("problems are %q", got)
	}
	s = read("-", "-")
	s.Switch.Unreadable = map[string]string{name: "switch/" + name + " can't be read: it is a symlink that leads nowhere"}
	c.Read(s)
	if diff := cmp.Diff([]string{"switch/cross-region.registry.io can't be read: it is a symlink that leads nowhere"}, c.Problems()); diff != "" {
		t.Error(diff)
	}
}

func TestSerialGrowsOnlyWhenTheAnswerChanges(t *testing.T) {
	c := newCore(t, "")
	c.Read(read("privatezone", "-"))
	first := c.Zones()[0].Serial
	c.Found(name, records(fromZone))
	c.Found(publicHost, records("203.0.113.10"))
	if got := c.Zones()[0].Serial; got != first {
		t.Errorf("the serial went from %d to %d without a change", first, got)
	}
	c.Read(read("hangzhou", "-"))
	if got := c.Zones()[0].Serial; got <= first {
		t.Errorf("the serial went from %d to %d with a change in the same second", first, got)
	}
}

func TestNamesAreWhatHasToBeLookedUp(t *testing.T) {
	own := []string{publicHost, "b-registry.cn-zhangjiakou.cr.aliyuncs.com", name}
	c := newCore(t, "")
	if diff := cmp.Diff(own, c.Names()); diff != "" {
		t.Errorf("with source VPCDNS: %s", diff)
	}
	c.Configure(example(t, "privateZone: {source: API}", "credentials: {provider: RRSA}"), nothing)
	c.Read(read("privatezone", `{"version":1,"zones":{"vpc-bbbbb":{"cname":"elsewhere.example.com"}}}`))
	if diff := cmp.Diff([]string{own[0], own[1], "elsewhere.example.com"}, c.Names()); diff != "" {
		t.Errorf("with source API: %s", diff)
	}
	c.Found("elsewhere.example.com", records("203.0.113.77"))
	if got := served(c); got != "203.0.113.77" {
		t.Errorf("served is %s", got)
	}
}

func TestUnreadableStateIsReported(t *testing.T) {
	c := newCore(t, "")
	s := read("hangzhou", "-")
	s.State.Unreadable = map[string]string{name: "state/" + name + " can't be read: it is not a regular file"}
	c.Read(s)
	if diff := cmp.Diff([]string{"state/cross-region.registry.io can't be read: it is not a regular file"}, c.Problems()); diff != "" {
		t.Error(diff)
	}
}

func TestBadStateKeepsTheLastGood(t *testing.T) {
	c := newCore(t, "")
	c.Configure(example(t, "privateZone: {source: API}", "credentials: {provider: RRSA}"), nothing)
	c.Read(read("privatezone", `{"version":1,"zones":{"vpc-bbbbb":{"addresses":["10.2.0.55"]}}}`))
	for _, bad := range []string{"", "{", `{"version":9}`, `{"version":1,"zones":{}}`} {
		c.Read(read("privatezone", bad))
		if got := served(c); got != "10.2.0.55" {
			t.Errorf("with the state %q: served is %s", bad, got)
		}
		if len(c.Problems()) == 0 {
			t.Errorf("with the state %q: nothing is reported", bad)
		}
	}
	if err := c.Ready(); err != nil {
		t.Error(err)
	}
}

func TestAnswersThatTheNodeReports(t *testing.T) {
	const to = "to: zhangjiakou\nfrom: hangzhou/internal\nnodes: other\n"
	tests := map[string]struct {
		snapshots []inputs.Snapshot
		want      nodereport.Answer
	}{
		"nothing is known yet": {nil, nodereport.Answer{}},
		"nobody has decided":   {[]inputs.Snapshot{read("-", "-")}, nodereport.Answer{Target: "privatezone"}},
		"a bare word has its network in the report": {
			[]inputs.Snapshot{read("hangzhou\n", "-")},
			nodereport.Answer{Switch: nodereport.Hash("hangzhou"), Target: "hangzhou/internal"},
		},
		"a node outside of a drill says where it is led itself": {
			[]inputs.Snapshot{read(to, "-")}, nodereport.Answer{Switch: nodereport.Hash(to), Target: "hangzhou/internal"},
		},
		"the recorded switch is accepted too": {
			[]inputs.Snapshot{read("-", `{"version":1,"lastSwitch":"hangzhou"}`)},
			nodereport.Answer{Switch: nodereport.Hash("hangzhou"), Target: "hangzhou/internal"},
		},
		"what isn't valid isn't accepted": {
			[]inputs.Snapshot{read("hangzhou", "-"), read("hangzou", "-")},
			nodereport.Answer{Switch: nodereport.Hash("hangzhou"), Target: "hangzhou/internal"},
		},
		"an answer that is kept is told with the switch that it waits for": {
			[]inputs.Snapshot{read("hangzhou", "-"), read("zhangjiakou/public", "-")},
			nodereport.Answer{Switch: nodereport.Hash("zhangjiakou/public"), Target: "hangzhou/internal"},
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			c := newCore(t, "node-a")
			for _, s := range test.snapshots {
				c.Read(s)
			}
			if diff := cmp.Diff(map[string]nodereport.Answer{name: test.want}, c.Answers()); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a switch whose instance left is accepted no more", func(t *testing.T) {
		c := newCore(t, "node-a")
		c.Read(read("hangzhou", "-"))
		c.Configure(without(t, "hangzhou"), nothing)
		if diff := cmp.Diff(map[string]nodereport.Answer{name: {Target: "hangzhou/internal"}}, c.Answers()); diff != "" {
			t.Error(diff)
		}
	})
}
