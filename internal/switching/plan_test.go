package switching

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/saferules"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const shared = "cross-region.registry.io"

var endpoint = zone.Endpoint{
	Name: shared, TTL: 5 * time.Second,
	Instances: []zone.Instance{
		{Name: "hangzhou", Network: zone.Internal, PublicEndpoint: "a-registry.cn-hangzhou.cr.aliyuncs.com", InternalAddrs: []netip.Addr{netip.MustParseAddr("10.1.0.10")}},
		{Name: "zhangjiakou", Network: zone.Internal, PublicEndpoint: "b-registry.cn-zhangjiakou.cr.aliyuncs.com", InternalAddrs: []netip.Addr{netip.MustParseAddr("10.2.0.10")}},
	},
}

// planned is a plan for a word, from a value that stands.
func planned(t *testing.T, stands, word string, waves ...int) Plan {
	t.Helper()
	standing, err := endpoint.ParseSwitch(stands)
	if err != nil {
		t.Fatal(err)
	}
	to, err := endpoint.ParseSwitch(word)
	if err != nil {
		t.Fatal(err)
	}
	return Plan{Endpoint: endpoint, Read: stands, Standing: standing, Word: word, Target: to.To, Waves: waves}
}

func TestWhatIsWrittenOneAfterTheOther(t *testing.T) {
	for sentence, test := range map[string]struct {
		stands, word string
		waves        []int
		want         []string
	}{
		"all at once":                       {"privatezone", "hangzhou", nil, []string{"hangzhou"}},
		"back":                              {"hangzhou", "privatezone", nil, []string{"privatezone"}},
		"in waves":                          {"privatezone", "hangzhou/public", []int{10, 100}, []string{"to: hangzhou/public; from: privatezone; share: 10", "hangzhou/public"}},
		"back in waves":                     {"hangzhou", "privatezone", []int{50, 100}, []string{"to: privatezone; from: hangzhou/internal; share: 50", "privatezone"}},
		"a wave alone":                      {"privatezone", "hangzhou", []int{10}, []string{"to: hangzhou; from: privatezone; share: 10"}},
		"one wave is all":                   {"privatezone", "hangzhou", []int{100}, []string{"hangzhou"}},
		"waves go on":                       {"to: hangzhou\nfrom: privatezone\nshare: 50", "hangzhou", []int{10, 50, 70, 100}, []string{"to: hangzhou; from: privatezone; share: 70", "hangzhou"}},
		"a share of all has the pods left":  {"to: hangzhou\nfrom: privatezone\nshare: 100", "hangzhou", []int{10, 100}, []string{"hangzhou"}},
		"a wave is finished at once":        {"to: hangzhou\nfrom: privatezone\nshare: 10", "hangzhou", nil, []string{"hangzhou"}},
		"a wave of nobody turns":            {"to: hangzhou\nfrom: privatezone\nshare: 0", "zhangjiakou", []int{10}, []string{"to: zhangjiakou; from: privatezone; share: 10"}},
		"a wave is turned at once":          {"to: hangzhou\nfrom: privatezone\nshare: 10", "privatezone", nil, []string{"privatezone"}},
		"a drill is widened at once":        {"to: hangzhou\nfrom: privatezone\nnodes: node-a", "hangzhou", nil, []string{"hangzhou"}},
		"it leads there by another network": {"hangzhou", "hangzhou/public", nil, []string{"hangzhou/public"}},
		"it stands there already":           {"to: hangzhou\nreason: storm", "hangzhou/internal", []int{10, 100}, []string{"stands: to: hangzhou; reason: storm"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			steps, err := planned(t, test.stands, test.word, test.waves...).Steps()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for n, s := range steps {
				text := strings.ReplaceAll(s.Value, "\n", "; ")
				if s.Stands {
					text = "stands: " + text
				}
				got = append(got, text)
				if parsed, err := endpoint.ParseSwitch(s.Value); err != nil || !cmp.Equal(parsed, s.Switch) {
					t.Errorf("%q means %+v, %v, and not %+v", s.Value, parsed, err, s.Switch)
				}
				if last := n == len(steps)-1; (s.Share == All) != (s.Switch.Scope == zone.AllNodes) || last && len(test.waves) == 0 && s.Share != All {
					t.Errorf("%q has the share %d", s.Value, s.Share)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWavesThatAreNotPossible(t *testing.T) {
	for sentence, test := range map[string]struct {
		stands, word string
		waves        []int
		want         string
	}{
		"three ways at once":            {"to: hangzhou\nfrom: privatezone\nshare: 10", "zhangjiakou", []int{10, 100}, "a wave to hangzhou/internal is under way"},
		"back through the other nodes":  {"to: hangzhou\nfrom: privatezone\nshare: 10", "privatezone", []int{10, 100}, "a wave to hangzhou/internal is under way"},
		"a share that is none of names": {"to: hangzhou\nfrom: privatezone\nnodes: node-a", "hangzhou", []int{10, 100}, "some nodes are led elsewhere by their names"},
		"less than there is":            {"to: hangzhou\nfrom: privatezone\nshare: 50", "hangzhou", []int{10, 50}, "50 % of the nodes lead to hangzhou/internal already: name a larger share"},
	} {
		if steps, err := planned(t, test.stands, test.word, test.waves...).Steps(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, %v", sentence, steps, err)
		}
	}
}

func TestWhoAndWhyStandInTheSwitch(t *testing.T) {
	p := planned(t, "privatezone", "hangzhou", 10, 100)
	p.Reason, p.SetBy, p.Until = "pulls time out", "alice", time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("", 8*3600))
	p.Overridden = []saferules.Name{saferules.TargetReady, saferules.Dwell}
	steps, err := p.Steps()
	if err != nil {
		t.Fatal(err)
	}
	const who = "reason: pulls time out (overrides target-ready, dwell)\nset-by: alice\nuntil: 2026-11-23T02:00:00Z"
	if want := "to: hangzhou\nfrom: privatezone\nshare: 10\n" + who; steps[0].Value != want {
		t.Errorf("%s", steps[0].Value)
	}
	if want := "to: hangzhou\n" + who; steps[1].Value != want {
		t.Errorf("%s", steps[1].Value)
	}
	p.Reason = ""
	if steps, _ = p.Steps(); !strings.Contains(steps[1].Value, "\nreason: overrides target-ready, dwell\n") {
		t.Errorf("%s", steps[1].Value)
	}
}

func TestANewEndIsWrittenWhereNothingMoves(t *testing.T) {
	p := planned(t, "to: hangzhou\nuntil: 2026-11-23T02:00:00Z", "hangzhou")
	p.Until = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	steps, err := p.Steps()
	if err != nil || len(steps) != 1 || steps[0].Stands || steps[0].Value != "to: hangzhou\nuntil: 2026-11-24T02:00:00Z" || p.Moves() {
		t.Errorf("%+v, %v", steps, err)
	}
}

func TestAReasonThatIsTooLongIsNotWritten(t *testing.T) {
	p := planned(t, "privatezone", "hangzhou")
	p.Reason = strings.Repeat("x", zone.MaxSwitchBytes)
	if steps, err := p.Steps(); err == nil {
		t.Errorf("%d bytes", len(steps[0].Value))
	}
}
