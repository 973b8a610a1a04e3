package zone_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

var toHangzhou = zone.Target{Instance: "hangzhou", Network: zone.Internal}

func TestParseSwitch(t *testing.T) {
	tests := map[string]struct {
		value string
		want  zone.Switch
	}{
		"a word":                        {"hangzhou", zone.Switch{To: toHangzhou}},
		"a word with a network":         {"hangzhou/public", zone.Switch{To: zone.Target{Instance: "hangzhou", Network: zone.Public}}},
		"privatezone":                   {"privatezone", zone.Switch{}},
		"white space around is ignored": {"\n  hangzhou \r\n", zone.Switch{To: toHangzhou}},
		"the long form":                 {"to: hangzhou\n", zone.Switch{To: toHangzhou}},
		"everything": {
			"to: hangzhou\nfrom: privatezone\nshare: 10\nreason: pulls time out: see the log\nset-by: oncall\nuntil: 2026-11-23T02:00:00Z",
			zone.Switch{To: toHangzhou, Scope: zone.ShareOfNodes, Share: 10, Reason: "pulls time out: see the log", SetBy: "oncall", Until: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)},
		},
		"nodes":                    {"to: hangzhou\nfrom: privatezone\nnodes: node-a, node-b.example", zone.Switch{To: toHangzhou, Scope: zone.NamedNodes, Nodes: []string{"node-a", "node-b.example"}}},
		"text as people paste it":  {"to: hangzhou\nreason: a\tb\u00a0c 👩\u200d🚒", zone.Switch{To: toHangzhou, Reason: "a\tb\u00a0c 👩\u200d🚒"}},
		"lines that end with CR":   {"to: hangzhou\r\nset-by: oncall\r\n", zone.Switch{To: toHangzhou, SetBy: "oncall"}},
		"no blank after the colon": {"to:hangzhou\nset-by:oncall", zone.Switch{To: toHangzhou, SetBy: "oncall"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := endpoint(false).ParseSwitch(test.value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGoldenSwitch(t *testing.T) {
	data, err := os.ReadFile("../../testdata/switch/cross-region.registry.io")
	if err != nil {
		t.Fatal(err)
	}
	want := zone.Switch{
		To: zone.Target{Instance: "hangzhou", Network: zone.Public}, Scope: zone.ShareOfNodes, Share: 10,
		Reason: "zhangjiakou pulls time out", SetBy: "oncall", Until: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC),
	}
	got, err := endpoint(false).ParseSwitch(string(data))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseSwitchRefuses(t *testing.T) {
	const words = "privatezone, hangzhou, hangzhou/internal, hangzhou/public, zhangjiakou, zhangjiakou/public"
	tests := map[string]struct{ value, want string }{
		"nothing":                    {"", "the switch is empty: write one of " + words},
		"white space":                {" \n\t", "the switch is empty: write one of " + words},
		"an unknown instance":        {"hangzou", `unknown target "hangzou": one of ` + words},
		"another case":               {"Hangzhou", `unknown target "Hangzhou": one of ` + words},
		"an unknown network":         {"hangzhou/vpc", `unknown target "hangzhou/vpc": one of ` + words},
		"privatezone with a network": {"privatezone/public", `unknown target "privatezone/public": one of ` + words},
		"a network without address":  {"zhangjiakou/internal", `unknown target "zhangjiakou/internal": one of ` + words},
		"two words":                  {"hangzhou zhangjiakou", `unknown target "hangzhou zhangjiakou": one of ` + words},
		"a quoted word":              {`"hangzhou"`, `unknown target "\"hangzhou\"": one of ` + words},
		"a line without a colon":     {"to: hangzhou\nnow", `line 2 of the switch, "now", is not of the form key: value`},
		"an empty line":              {"to: hangzhou\n\nset-by: me", `line 2 of the switch, "", is not of the form key: value`},
		"a line twice":               {"to: hangzhou\nto: zhangjiakou", `line 2 of the switch gives "to" a second time: keep one`},
		"an unknown key":             {"to: hangzhou\nwhy: x", `line 2 of the switch has the unknown key "why": one of to, from, share, nodes, reason, set-by, until, at the start of the line and without quotes`},
		"indentation":                {"to: hangzhou\n set-by: x", `line 2 of the switch has the unknown key " set-by": one of to, from, share, nodes, reason, set-by, until, at the start of the line and without quotes`},
		"a quoted value":             {`to: "hangzhou"`, `to: unknown target "\"hangzhou\"": one of ` + words},
		"a key without a value":      {"to: hangzhou\nreason:", `line 2 of the switch gives "reason" no value: write one or remove the line`},
		"no target":                  {"reason: test", "to is missing: add a line with one of " + words},
		"a control character":        {"to: hangzhou\nreason: \x1b[31mred", `line 2 of the switch has control characters in "reason", or is not UTF-8: remove them`},
		"text that is not UTF-8":     {"to: hangzhou\nreason: \xff", `line 2 of the switch has control characters in "reason", or is not UTF-8: remove them`},
		"a very long word":           {strings.Repeat("x", 1000), `unknown target "` + strings.Repeat("x", 64) + `…": one of ` + words},
		"a share without from":       {"to: hangzhou\nshare: 10", "from is missing: share and nodes need it, it is the answer of all the other nodes"},
		"nodes without from":         {"to: hangzhou\nnodes: node-a", "from is missing: share and nodes need it, it is the answer of all the other nodes"},
		"from alone":                 {"to: hangzhou\nfrom: privatezone", "from is given without share or nodes: add one of them, or remove from to move everything"},
		"share and nodes":            {"to: hangzhou\nfrom: privatezone\nshare: 1\nnodes: a", "share and nodes are both given: keep the one that says which nodes move"},
		"an unknown from":            {"to: hangzhou\nfrom: there\nshare: 1", `from: unknown target "there": one of ` + words},
		"a share with a sign":        {"to: hangzhou\nfrom: privatezone\nshare: 10%", `share: "10%" is no percentage: write a whole number from 0 to 100, without a sign`},
		"a share above 100":          {"to: hangzhou\nfrom: privatezone\nshare: 101", `share: "101" is no percentage: write a whole number from 0 to 100, without a sign`},
		"a share with a zero before": {"to: hangzhou\nfrom: privatezone\nshare: 010", `share: "010" is no percentage: write a whole number from 0 to 100, without a sign`},
		"a node that is none":        {"to: hangzhou\nfrom: privatezone\nnodes: node_a", "nodes: \"node_a\" is no node name: write names as `kubectl get nodes` shows them, separated by commas"},
		"a comma too many":           {"to: hangzhou\nfrom: privatezone\nnodes: node-a,", "nodes: there is nothing before or after a comma: remove the comma or write the name"},
		"a time that is none":        {"to: hangzhou\nuntil: tomorrow", `until: "tomorrow" is no time: write it as 2006-01-02T15:04:05Z (RFC 3339)`},
		"too long":                   {strings.Repeat("x", zone.MaxSwitchBytes+1), "the switch is 65537 bytes long: at most 65536 are read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := endpoint(false).ParseSwitch(test.value)
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(`endpoint "cross-region.registry.io": `+test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestShare(t *testing.T) {
	const endpoint = "cross-region.registry.io"
	in := func(node string, percent int) bool {
		s := zone.Switch{To: toHangzhou, Scope: zone.ShareOfNodes, Share: percent}
		return s.Target(endpoint, node) == toHangzhou
	}
	// Worked out by hand: printf 'cross-region.registry.io\0node-a' | sha256sum,
	// the first 16 digits modulo 100.
	for node, at := range map[string]int{"node-a": 96, "node-i": 2} {
		if in(node, at) || !in(node, at+1) {
			t.Errorf("%s is not exactly at %d", node, at)
		}
	}
	moved := 0
	for i := range 10000 {
		node := fmt.Sprintf("node-%d", i)
		if in(node, 10) {
			moved++
			if !in(node, 50) || !in(node, 100) {
				t.Errorf("%s left the share when it grew", node)
			}
		}
		if in(node, 0) || !in(node, 100) {
			t.Errorf("%s: a share of 0 moves nothing and one of 100 everything", node)
		}
	}
	if moved < 900 || moved > 1100 {
		t.Errorf("a share of 10 moves %d of 10000 nodes", moved)
	}
}

// FuzzParseSwitch holds that an accepted value can be used, whatever it says,
// and that no value smuggles in a target that is not configured.
func FuzzParseSwitch(f *testing.F) {
	for _, value := range []string{"hangzhou", "privatezone", "hangzhou/public", "to: hangzhou\nfrom: privatezone\nshare: 10", "to: hangzhou\nfrom: privatezone\nnodes: a,b",
		"to: hangzhou\nreason: x\nset-by: y\nuntil: 2026-11-23T02:00:00Z", "", "to:", ":", "\x00", "to: hangzhou\nto: hangzhou"} {
		f.Add(value)
	}
	e := endpoint(false)
	f.Fuzz(func(t *testing.T, value string) {
		s, err := e.ParseSwitch(value)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("the error is more than one printable line: %q", err)
			}
			return
		}
		for _, node := range []string{"", "node-a"} {
			target := s.Target(e.Name, node)
			if _, err := e.ParseSwitch(target.String()); err != nil {
				t.Errorf("%q leads to %q: %v", value, target, err)
			}
		}
	})
}
