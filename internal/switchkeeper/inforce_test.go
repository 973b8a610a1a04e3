package switchkeeper

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/rollout"
)

// TestSince has a switch that leads to hangzhou since 01:00, and a look at 09:00.
func TestSince(t *testing.T) {
	const recorded = `{"version":1,"lastSwitch":"hangzhou","lastSwitchSince":"2026-11-24T01:00:00Z"}`
	written := map[string]rollout.Writer{name: {Manager: "kubectl-patch", At: at("08:00:00")}}
	for sentence, test := range map[string]struct {
		in     Input
		value  string // in force
		since  string
		change string // "" where there is none
	}{
		"nothing has changed": {
			Input{Switch: holds("hangzhou"), State: holds(recorded), Writes: written}, "hangzhou", "01:00:00", "",
		},
		"white space has changed": {
			Input{Switch: holds(" hangzhou\n"), State: holds(recorded), Writes: written}, "hangzhou", "01:00:00", "",
		},
		"it leads elsewhere since it was written": {
			Input{Switch: holds("zhangjiakou"), State: holds(recorded), Writes: written}, "zhangjiakou", "08:00:00",
			"the switch leads to zhangjiakou/internal and led to hangzhou/internal, by the field manager kubectl-patch: it gives no reason",
		},
		"nobody tells when it was written, so it is when it was read": {
			Input{Switch: holds("privatezone"), State: holds(recorded)}, "privatezone", "09:00:00",
			"the switch leads to privatezone and led to hangzhou/internal, nobody knows by whom: it gives no reason",
		},
		"it says who, why and until when": {
			Input{Switch: holds("to: hangzhou/public\nset-by: oncall\nreason: zhangjiakou pulls time out\nuntil: 2026-11-24T12:00:00Z"), State: holds(recorded), Writes: written},
			"to: hangzhou/public\nset-by: oncall\nreason: zhangjiakou pulls time out\nuntil: 2026-11-24T12:00:00Z", "08:00:00",
			"the switch leads to hangzhou/public and led to hangzhou/internal, by oncall, as its set-by says, until 2026-11-24T12:00:00Z: zhangjiakou pulls time out",
		},
		"another reason is no other way": {
			Input{Switch: holds("to: hangzhou/internal\nreason: still down"), State: holds(recorded), Writes: written}, "to: hangzhou/internal\nreason: still down", "01:00:00",
			"the switch says something else and leads to hangzhou/internal as before, by the field manager kubectl-patch: still down",
		},
		"a wave is another way": {
			Input{Switch: holds(drill), State: holds(recorded), Writes: written}, drill, "08:00:00",
			"the switch leads to hangzhou/internal on 10 % of the nodes (privatezone on all others) and led to hangzhou/internal, by the field manager kubectl-patch: it gives no reason",
		},
		"and so are some nodes": {
			Input{Switch: holds("to: hangzhou\nfrom: privatezone\nnodes: a, b"), State: holds(recorded), Writes: written}, "to: hangzhou\nfrom: privatezone\nnodes: a, b", "08:00:00",
			"the switch leads to hangzhou/internal on 2 nodes (privatezone on all others) and led to hangzhou/internal, by the field manager kubectl-patch: it gives no reason",
		},
		"what isn't valid changes nothing": {
			Input{Switch: holds("hangzou"), State: holds(recorded), Writes: written}, "hangzhou", "01:00:00", "",
		},
		"a value that was seen, and isn't what stands, has no known author": {
			Input{Switch: holds("hangzou"), State: holds(recorded), Writes: written, Seen: map[string]Seen{name: {Value: "to: zhangjiakou\nset-by: oncall"}}},
			"to: zhangjiakou\nset-by: oncall", "09:00:00",
			"the switch leads to zhangjiakou/internal and led to hangzhou/internal, by oncall, as its set-by says: it gives no reason",
		},
		"an older version recorded no time": {
			Input{Switch: holds("hangzhou"), State: holds(`{"version":1,"lastSwitch":"hangzhou"}`), Writes: written}, "hangzhou", "08:00:00", "",
		},
		"and nobody else tells it": {
			Input{Switch: holds("hangzhou"), State: holds(`{"version":1,"lastSwitch":"hangzhou"}`)}, "hangzhou", "", "",
		},
		"the time isn't readable": {
			Input{Switch: holds("hangzhou"), State: holds(`{"version":1,"lastSwitch":"hangzhou","lastSwitchSince":"noon"}`), Writes: written}, "hangzhou", "08:00:00", "",
		},
		"the record was deleted: that is no change": {
			Input{Switch: holds("hangzhou"), Writes: written}, "hangzhou", "08:00:00", "",
		},
		"the switch was deleted: that is no change either": {
			Input{State: holds(recorded)}, "hangzhou", "01:00:00", "",
		},
		"the configuration has lost the instance, so that nobody knows": {
			Input{Switch: holds("beijing"), State: holds(`{"version":1,"lastSwitch":"beijing"}`)}, "", "", "",
		},
		"an uninstallation has begun": {
			Input{Switch: holds("privatezone"), State: holds(recorded), Writes: written, Uninstalling: true}, "privatezone", "08:00:00",
			"the switch leads to privatezone and led to hangzhou/internal, by the field manager kubectl-patch: it gives no reason",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			test.in.Endpoints, test.in.Now = endpoints(t), at("09:00:00")
			p := Decide(test.in)
			var since time.Time
			if test.since != "" {
				since = at(test.since)
			}
			force := p.InForce[name]
			if force.Value != test.value || !force.Since.Equal(since) {
				t.Errorf("in force is %q since %s", force.Value, force.Since)
			}
			change, changed := p.Changes[name]
			if (test.change != "") != changed {
				t.Fatalf("changed: %v", changed)
			}
			if changed {
				if diff := cmp.Diff(test.change, change.String()); diff != "" {
					t.Error(diff)
				}
			}
			if text, written := p.State[name]; written {
				r, err := readRecord(text)
				if err != nil || r.lastSwitch != test.value || !r.since.Equal(since) {
					t.Errorf("%v: the record is %s", err, text)
				}
			}
			settles(t, test.in)
		})
	}
}

func TestAnAuthorIsNamedWithTheSource(t *testing.T) {
	for want, author := range map[string]Author{
		"by oncall, as its set-by says":      {SetBy: "oncall", Manager: "kubectl-patch"},
		"by the field manager kubectl-patch": {Manager: "kubectl-patch"},
		"nobody knows by whom":               {},
	} {
		if got := author.String(); got != want {
			t.Errorf("%+v is %q, not %q", author, got, want)
		}
	}
}
