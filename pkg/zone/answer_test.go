package zone_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

var update = flag.Bool("update", false, "write the truth table into docs/answer.md")

func addrs(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, t := range texts {
		list = append(list, netip.MustParseAddr(t))
	}
	return list
}

// endpoint is the manual procedure's example: the cluster is in vpc-bbbbb. With
// learns the internal addresses come from the zones, as with source API.
func endpoint(learns bool) zone.Endpoint {
	e := zone.Endpoint{
		Name: "cross-region.registry.io", TTL: 5 * time.Second, VPC: "vpc-bbbbb", LearnsInternal: learns,
		Instances: []zone.Instance{
			{Name: "hangzhou", Network: zone.Internal, PublicEndpoint: "a-registry.cn-hangzhou.cr.aliyuncs.com", VPC: "vpc-aaaaa"},
			{Name: "zhangjiakou", Network: zone.Public, PublicEndpoint: "b-registry.cn-zhangjiakou.cr.aliyuncs.com", VPC: "vpc-bbbbb"},
		},
	}
	if !learns {
		e.Instances[0].InternalAddrs = addrs("10.1.0.10")
	}
	return e
}

// states are named, so that the table can be read.
var states = map[string]zone.State{
	"nothing": {},
	"all": {
		Zones: map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.99")}, "vpc-bbbbb": {Addrs: addrs("10.2.0.10")}},
		Hosts: map[string]zone.Records{
			"a-registry.cn-hangzhou.cr.aliyuncs.com":    {Addrs: addrs("203.0.113.10")},
			"b-registry.cn-zhangjiakou.cr.aliyuncs.com": {Addrs: addrs("203.0.113.20", "2001:db8::20")},
		},
	},
	"zone has a CNAME": {
		Zones: map[string]zone.Records{"vpc-bbbbb": {CNAME: "a-registry.cn-hangzhou.cr.aliyuncs.com"}},
		Hosts: map[string]zone.Records{"a-registry.cn-hangzhou.cr.aliyuncs.com": {Addrs: addrs("203.0.113.10")}},
	},
	"zone leads away, and ACR": {
		Zones: map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.99")}, "vpc-bbbbb": {Addrs: addrs("10.1.0.99")}},
		// What ACR has of an instance of another VPC is in that VPC's zone.
		Linked: map[string][]netip.Addr{"zhangjiakou": addrs("10.2.0.11"), "hangzhou": addrs("10.1.0.66")},
	},
	"zone leads away, and ACR has loopback": {
		Zones:  map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("10.1.0.99")}},
		Linked: map[string][]netip.Addr{"zhangjiakou": addrs("127.0.0.1")},
	},
	"zone has a CNAME, not looked up": {Zones: map[string]zone.Records{"vpc-bbbbb": {CNAME: "a-registry.cn-hangzhou.cr.aliyuncs.com"}}},
	"zone leads to itself":            {Zones: map[string]zone.Records{"vpc-bbbbb": {CNAME: "cross-region.registry.io", Addrs: addrs("10.2.0.10")}}},
	"zone has loopback only":          {Zones: map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("127.0.0.1")}}},
	"zone has loopback too":           {Zones: map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("127.0.0.1", "10.2.0.10", "::ffff:10.2.0.10")}}},
}

// node-i is in every share above 2, node-a only in those above 96: see TestShare.
var truthTable = []struct {
	source, sw, asks, state, want string
}{
	{"fixed", "privatezone", "a node", "all", "privatezone: 10.2.0.10"},
	{"fixed", "privatezone", "DNS Service", "all", "privatezone: 10.2.0.10"},
	{"fixed", "privatezone", "a node", "zone has a CNAME", "privatezone: CNAME a-registry.cn-hangzhou.cr.aliyuncs.com, 203.0.113.10"},
	{"fixed", "privatezone", "a node", "zone has a CNAME, not looked up", "keeps: no usable address is known for a-registry.cn-hangzhou.cr.aliyuncs.com"},
	{"fixed", "privatezone", "a node", "zone leads to itself", "keeps: the CNAME record leads back to its own name"},
	{"fixed", "privatezone", "a node", "zone has loopback only", "keeps: no usable address is known"},
	{"fixed", "privatezone", "a node", "zone has loopback too", "privatezone: 10.2.0.10"},
	{"fixed", "privatezone", "a node", "nothing", "keeps: no usable address is known"},
	{"fixed", "hangzhou", "a node", "all", "hangzhou/internal: 10.1.0.10"},
	{"fixed", "hangzhou", "a node", "nothing", "hangzhou/internal: 10.1.0.10"},
	{"fixed", "hangzhou/internal", "DNS Service", "all", "hangzhou/internal: 10.1.0.10"},
	{"fixed", "hangzhou/public", "a node", "all", "hangzhou/public: CNAME a-registry.cn-hangzhou.cr.aliyuncs.com, 203.0.113.10"},
	{"fixed", "hangzhou/public", "a node", "nothing", "keeps: no usable address is known for a-registry.cn-hangzhou.cr.aliyuncs.com"},
	{"fixed", "zhangjiakou", "a node", "all", "zhangjiakou/public: CNAME b-registry.cn-zhangjiakou.cr.aliyuncs.com, 203.0.113.20, 2001:db8::20"},
	{"fixed", "zhangjiakou/internal", "a node", "all", "refused: unknown target"},
	{"zones", "hangzhou", "a node", "all", "hangzhou/internal: 10.1.0.99"},
	{"zones", "hangzhou", "a node", "nothing", "keeps: no usable address is known"},
	{"zones", "zhangjiakou/internal", "a node", "all", "zhangjiakou/internal: 10.2.0.10"},
	{"zones", "zhangjiakou/internal", "a node", "zone leads away, and ACR", "zhangjiakou/internal: 10.2.0.11"},
	{"zones", "hangzhou/internal", "a node", "zone leads away, and ACR", "hangzhou/internal: 10.1.0.99"},
	{"zones", "privatezone", "a node", "zone leads away, and ACR", "privatezone: 10.1.0.99"},
	{"zones", "zhangjiakou/internal", "a node", "zone leads away, and ACR has loopback", "zhangjiakou/internal: 10.1.0.99"},
	{"fixed", "to: hangzhou; from: privatezone; share: 0", "node-i", "all", "privatezone: 10.2.0.10"},
	{"fixed", "to: hangzhou; from: privatezone; share: 10", "node-i", "all", "hangzhou/internal: 10.1.0.10"},
	{"fixed", "to: hangzhou; from: privatezone; share: 10", "node-a", "all", "privatezone: 10.2.0.10"},
	{"fixed", "to: hangzhou; from: zhangjiakou; share: 10", "node-a", "all", "zhangjiakou/public: CNAME b-registry.cn-zhangjiakou.cr.aliyuncs.com, 203.0.113.20, 2001:db8::20"},
	{"fixed", "to: hangzhou; from: privatezone; share: 10", "DNS Service", "all", "privatezone: 10.2.0.10"},
	{"fixed", "to: hangzhou; from: privatezone; share: 100", "node-a", "all", "hangzhou/internal: 10.1.0.10"},
	{"fixed", "to: hangzhou; from: privatezone; share: 100", "DNS Service", "all", "privatezone: 10.2.0.10"},
	{"fixed", "to: hangzhou; from: privatezone; nodes: node-a, node-b", "node-a", "all", "hangzhou/internal: 10.1.0.10"},
	{"fixed", "to: hangzhou; from: privatezone; nodes: node-a, node-b", "node-i", "all", "privatezone: 10.2.0.10"},
	{"fixed", "to: hangzhou; from: privatezone; nodes: node-a, node-b", "DNS Service", "all", "privatezone: 10.2.0.10"},
	{"fixed", "to: hangzhou; until: 2020-01-01T00:00:00Z", "a node", "all", "hangzhou/internal: 10.1.0.10"},
}

func TestTruthTable(t *testing.T) {
	for _, row := range truthTable {
		t.Run(strings.Join([]string{row.source, row.sw, row.asks, row.state}, "/"), func(t *testing.T) {
			if got := describe(row.source == "zones", row.sw, row.asks, states[row.state]); got != row.want && !strings.HasPrefix(got, row.want+" ") {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func describe(learns bool, value, asks string, state zone.State) string {
	e := endpoint(learns)
	sw, err := e.ParseSwitch(strings.ReplaceAll(value, "; ", "\n"))
	if err != nil {
		return "refused: " + strings.TrimPrefix(err.Error(), `endpoint "cross-region.registry.io": `)
	}
	node := strings.ReplaceAll(asks, "a node", "node-a")
	if asks == "DNS Service" {
		node = ""
	}
	a, err := e.Answer(sw, state, node)
	if err != nil {
		prefix := fmt.Sprintf("endpoint %q: %s: ", e.Name, sw.Target(e.Name, node))
		return "keeps: " + strings.TrimPrefix(err.Error(), prefix)
	}
	if a.TTL != e.TTL {
		return fmt.Sprintf("TTL %s", a.TTL)
	}
	var parts []string
	if a.CNAME != "" {
		parts = append(parts, "CNAME "+a.CNAME)
	}
	for _, addr := range a.Addrs {
		parts = append(parts, addr.String())
	}
	return a.Target.String() + ": " + strings.Join(parts, ", ")
}

// TestTheDocumentShowsTheTruthTable keeps docs/answer.md equal to the rows above.
func TestTheDocumentShowsTheTruthTable(t *testing.T) {
	const begin, end = "<!-- truth table -->\n", "<!-- end of truth table -->"
	var b strings.Builder
	b.WriteString("| internal addresses | switch | who asks | learnt | answer |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range truthTable {
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s |\n", r.source, r.sw, r.asks, r.state, r.want)
	}
	const file = "../../docs/answer.md"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), begin)
	old, after, found2 := strings.Cut(rest, end)
	if !found || !found2 {
		t.Fatalf("%s has no markers for the table", file)
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+b.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), old); diff != "" {
		t.Errorf("run `go test ./pkg/zone -update`: %s", diff)
	}
}

func TestHostsListsWhatHasToBeLookedUp(t *testing.T) {
	state := zone.State{Zones: map[string]zone.Records{
		"vpc-aaaaa": {CNAME: "elsewhere.example.com"}, "vpc-bbbbb": {CNAME: "a-registry.cn-hangzhou.cr.aliyuncs.com"},
		"vpc-other": {CNAME: "not-ours.example.com"},
	}}
	want := []string{"a-registry.cn-hangzhou.cr.aliyuncs.com", "b-registry.cn-zhangjiakou.cr.aliyuncs.com", "elsewhere.example.com"}
	if diff := cmp.Diff(want, endpoint(true).Hosts(state)); diff != "" {
		t.Error(diff)
	}
}
