package drill

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

func TestTheExpectedRecovery(t *testing.T) {
	seconds := func(n float64) config.Duration {
		return config.Duration{Duration: time.Duration(n * float64(time.Second))}
	}
	health := config.Health{Interval: seconds(5), Timeout: seconds(2), Failures: 3}
	type stage struct {
		Seconds float64
		Source  Source
	}
	for sentence, test := range map[string]struct {
		mode  config.FailoverMode
		times Times
		want  map[string]stage
		total float64
	}{
		"by a person, with nothing measured": {config.Manual, Times{}, map[string]stage{"detection": {18.5, FromSettings}, "switch": {1, FromDocuments}, "hosts file": {6, FromDocuments}}, 25.5},
		"automatically, with reads": {
			config.Automatic, Times{Read: 500 * time.Millisecond},
			map[string]stage{"detection": {20.5, FromSettings}, "switch": {1, FromDocuments}, "hosts file": {6, FromDocuments}, "pull": {0.5, Measured}}, 28,
		},
		"with nodes and a pod": {
			config.Automatic, Times{Switched: 2 * time.Second, Read: time.Second, Pulled: 3 * time.Second},
			map[string]stage{"detection": {20.5, FromSettings}, "switch": {2, Measured}, "hosts file": {6, FromDocuments}, "pull": {3, Measured}}, 31.5,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			stages := Expect(health, test.mode, test.times)
			got := map[string]stage{}
			for _, s := range stages {
				got[s.Stage] = stage{s.Seconds, s.Source}
			}
			if diff := cmp.Diff(test.want, got); diff != "" || Total(stages) != test.total {
				t.Errorf("%g s\n%s", Total(stages), diff)
			}
		})
	}
}

func TestWhatIsWrittenToLeadNodesElsewhere(t *testing.T) {
	endpoint := zone.Endpoint{Name: "cross-region.registry.io", Instances: []zone.Instance{
		{Name: "hangzhou", Network: zone.Public, PublicEndpoint: "a.example.com"}, {Name: "zhangjiakou", Network: zone.Public, PublicEndpoint: "b.example.com"},
	}}
	move := Move{Word: "hangzhou", Target: zone.Target{Instance: "hangzhou", Network: zone.Public}, Nodes: []string{"node-a", "node-b"}, Until: noon, By: "alice"}
	for standing, want := range map[string]string{
		"privatezone":                    "to: hangzhou\nfrom: privatezone\nnodes: node-a,node-b\nreason: drill\nuntil: 2026-11-23T12:00:00Z\nset-by: alice",
		"to: zhangjiakou\nreason: storm": "to: hangzhou\nfrom: zhangjiakou/public\nnodes: node-a,node-b\nreason: drill\nuntil: 2026-11-23T12:00:00Z\nset-by: alice",
		"hangzhou":                       "",
		"to: zhangjiakou\nfrom: privatezone\nshare: 10":  "",
		"to: zhangjiakou\nuntil: 2026-11-23T13:00:00Z":   "",
		"to: hangzhou\nfrom: privatezone\nnodes: node-c": "",
	} {
		sw, err := endpoint.ParseSwitch(standing)
		if err != nil {
			t.Fatal(err)
		}
		got, err := move.Value(endpoint, sw)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", standing, got, err)
		}
	}
	move.By = ""
	if got, _ := move.Value(endpoint, zone.Switch{}); got != "to: hangzhou\nfrom: privatezone\nnodes: node-a,node-b\nreason: drill\nuntil: 2026-11-23T12:00:00Z" {
		t.Errorf("nobody's is %q", got)
	}
	move.By = "a\x1b"
	if _, err := move.Value(endpoint, zone.Switch{}); err == nil {
		t.Error("a control character is written")
	}
}

func TestNodesThatAreNamed(t *testing.T) {
	for text, want := range map[string][]string{"": nil, " ": nil, "a": {"a"}, "b, a,b": {"b", "a"}} {
		got, err := ParseNodes(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", text, err, diff)
		}
	}
	for _, text := range []string{",", "a,", "A", "a b", "a;b"} {
		if _, err := ParseNodes(text); err == nil {
			t.Errorf("%q names nodes", text)
		}
	}
}
