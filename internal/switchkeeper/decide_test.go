package switchkeeper

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const name = "cross-region.registry.io"

// endpoints are those of the example's configuration.
func endpoints(t testing.TB) []zone.Endpoint {
	t.Helper()
	text, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c.Zones()
}

// holds is a ConfigMap with one value for the endpoint; without one it has no key.
func holds(values ...string) Object {
	o := Object{Exists: true, Values: map[string]string{}}
	for _, v := range values {
		o.Values[name] = v
	}
	return o
}

// drill is a valid value of several lines.
const drill = "to: hangzhou\nfrom: privatezone\nshare: 10"

// outcome is a Plan for one endpoint, as short text. "-" is that nothing is written.
type outcome struct {
	Switch, State   string
	Restored        bool
	SwitchErr, Sorr string // the errors' beginnings
}

func (o outcome) normal() outcome {
	for _, s := range []*string{&o.Switch, &o.State} {
		if *s == "" {
			*s = "-"
		}
	}
	return o
}

func TestDecide(t *testing.T) {
	const missing = "" // of the switch's error: none
	golden, err := os.ReadFile("../../testdata/state/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for sentence, test := range map[string]struct {
		in   Input
		want outcome
	}{
		"nothing is there": {
			Input{}, outcome{Switch: "privatezone"},
		},
		"the switch has no key for a new endpoint": {
			Input{Switch: holds(), State: holds()}, outcome{Switch: "privatezone"},
		},
		"a valid value is recorded": {
			Input{Switch: holds("hangzhou"), State: holds()}, outcome{State: `{"lastSwitch":"hangzhou","version":1}`},
		},
		"a valid value is recorded where there is no state": {
			Input{Switch: holds("hangzhou")}, outcome{State: `{"lastSwitch":"hangzhou","version":1}`},
		},
		"lines are recorded as they were written, without white space around them": {
			Input{Switch: holds("\n " + drill + "  \n\n"), State: holds()},
			outcome{State: `{"lastSwitch":"to: hangzhou\nfrom: privatezone\nshare: 10","version":1}`},
		},
		"what is recorded is not written again": {
			Input{Switch: holds(" hangzhou\n"), State: holds(string(golden))}, outcome{},
		},
		"fields and zones of others are kept": {
			Input{Switch: holds("privatezone"), State: holds(`{"version":1,"lastSwitch":"hangzhou","zones":{"vpc-aaaaa":{"addresses":["10.1.0.10"],"ttl":5}},"colour":["blue"]}`)},
			outcome{State: `{"colour":["blue"],"lastSwitch":"privatezone","version":1,"zones":{"vpc-aaaaa":{"addresses":["10.1.0.10"],"ttl":5}}}`},
		},
		"the next version is kept as a version": {
			Input{Switch: holds("privatezone"), State: holds(`{"version":2,"new":true}`)},
			outcome{State: `{"lastSwitch":"privatezone","new":true,"version":2}`},
		},
		"a missing switch comes back with the failover's value": {
			Input{State: holds(string(golden))}, outcome{Switch: "hangzhou", Restored: true},
		},
		"a missing key comes back with the failover's value": {
			Input{Switch: holds(), State: holds(string(golden))}, outcome{Switch: "hangzhou", Restored: true},
		},
		"a state without a last switch knows of no failover": {
			Input{State: holds(`{"version":1,"zones":{}}`)}, outcome{Switch: "privatezone"},
		},
		"what was seen last is newer than what is recorded, and both are put right": {
			Input{State: holds(`{"version":1,"lastSwitch":"privatezone"}`), Seen: map[string]Seen{name: {Value: "hangzhou"}}},
			outcome{Switch: "hangzhou", Restored: true, State: `{"lastSwitch":"hangzhou","version":1}`},
		},
		"both are gone, but the switch was seen": {
			Input{Seen: map[string]Seen{name: {Value: "hangzhou"}}},
			outcome{Switch: "hangzhou", Restored: true, State: `{"lastSwitch":"hangzhou","version":1}`},
		},
		"what stands is newer than what was seen": {
			Input{Switch: holds("zhangjiakou"), State: holds(string(golden)), Seen: map[string]Seen{name: {Value: "hangzhou"}}},
			outcome{State: `{"lastSwitch":"zhangjiakou","linked":{"zhangjiakou":["10.2.0.10"]},"version":1,"zones":{"vpc-aaaaa":{"addresses":["10.1.0.10"]},"vpc-bbbbb":{"cname":"a-registry.cn-hangzhou.cr.aliyuncs.com"}}}`},
		},
		"an invalid value is neither overwritten nor recorded": {
			Input{Switch: holds("hangzou"), State: holds(string(golden))},
			outcome{SwitchErr: `endpoint "cross-region.registry.io": unknown target "hangzou"`},
		},
		"an invalid value from the beginning: what PrivateZone holds has a place all the same": {
			Input{Switch: holds("hangzou")},
			outcome{State: `{"version":1}`, SwitchErr: `endpoint "cross-region.registry.io": unknown target "hangzou"`},
		},
		"an invalid value from the beginning is written down once": {
			Input{Switch: holds("hangzou"), State: holds(`{"version":1}`)},
			outcome{SwitchErr: `endpoint "cross-region.registry.io": unknown target "hangzou"`},
		},
		"an empty value stands there": {
			Input{Switch: holds(""), State: holds(string(golden))},
			outcome{SwitchErr: `endpoint "cross-region.registry.io": the switch is empty`},
		},
		"what was valid before an invalid value is recorded": {
			Input{Switch: holds("hangzou"), State: holds(), Seen: map[string]Seen{name: {Value: "hangzhou"}}},
			outcome{State: `{"lastSwitch":"hangzhou","version":1}`, SwitchErr: `endpoint "cross-region.registry.io": unknown target "hangzou"`},
		},
		"an unreadable state is replaced when the switch stands": {
			Input{Switch: holds("hangzhou"), State: holds(`{"version":1,"lastSw`)},
			outcome{State: `{"lastSwitch":"hangzhou","version":1}`, Sorr: "the state is not readable"},
		},
		"a state that is readable but for its zones loses them": {
			Input{Switch: holds("hangzhou"), State: holds(`{"version":1,"lastSwitch":"hangzhou","zones":7}`)},
			outcome{State: `{"lastSwitch":"hangzhou","version":1}`, Sorr: "the state is not readable"},
		},
		"a state without a version gets one, and keeps the rest": {
			Input{Switch: holds("hangzhou"), State: holds(`{"zones":{}}`)},
			outcome{State: `{"lastSwitch":"hangzhou","version":1,"zones":{}}`, Sorr: "the state has version 0"},
		},
		"an unreadable state and no switch: nobody knows of a failover, so nothing is written": {
			Input{State: holds(`{"version":1,"lastSw`)},
			outcome{SwitchErr: `endpoint "cross-region.registry.io": the switch is missing, and its last value can't be known: write one of privatezone, hangzhou`, Sorr: "the state is not readable"},
		},
		"an unreadable state and no switch, but the switch was seen": {
			Input{State: holds(""), Seen: map[string]Seen{name: {Value: "hangzhou"}}},
			outcome{Switch: "hangzhou", Restored: true, State: `{"lastSwitch":"hangzhou","version":1}`, Sorr: "the state is not readable"},
		},
		"an unreadable state whose last switch can be made out": {
			Input{State: holds(`{"version":1,"lastSwitch":"hangzhou","zones":7}`)},
			outcome{Switch: "hangzhou", Restored: true, Sorr: "the state is not readable"},
		},
		"a state of a version far ahead is not touched": {
			Input{Switch: holds("hangzhou"), State: holds(`{"version":9,"lastSwitch":"privatezone"}`)},
			outcome{Sorr: "the state has version 9"},
		},
		"a state of a version far ahead and no switch": {
			Input{State: holds(`{"version":9,"lastSwitch":"privatezone"}`)},
			outcome{SwitchErr: `endpoint "cross-region.registry.io": the switch is missing`, Sorr: "the state has version 9"},
		},
		"the configuration has lost the instance of the last switch": {
			Input{State: holds(`{"version":1,"lastSwitch":"beijing"}`)},
			outcome{SwitchErr: "the switch is missing, and its last value is not valid any more: write the switch"},
		},
		"a switch so long that no reader would read its record": {
			Input{Switch: holds("to: hangzhou\nreason: " + strings.Repeat("x", zone.MaxSwitchBytes-30)), State: holds(string(golden))},
			outcome{Sorr: "the switch can't be recorded: write a shorter one: the state is"},
		},
		"uninstalling: nothing is created": {
			Input{Uninstalling: true}, outcome{},
		},
		"uninstalling: nothing comes back": {
			Input{Uninstalling: true, State: holds(string(golden)), Seen: map[string]Seen{name: {Value: "hangzhou"}}}, outcome{},
		},
		"uninstalling: a state that stands is kept up to date": {
			Input{Uninstalling: true, Switch: holds("zhangjiakou"), State: holds(`{"version":1,"lastSwitch":"hangzhou"}`)},
			outcome{State: `{"lastSwitch":"zhangjiakou","version":1}`},
		},
		"uninstalling: no state is created": {
			Input{Uninstalling: true, Switch: holds("zhangjiakou")}, outcome{},
		},
		"what was seen and recorded is older than another record": {
			Input{Switch: holds("hangzou"), State: holds(string(golden)), Seen: map[string]Seen{name: {Value: "zhangjiakou", Recorded: true}}},
			outcome{SwitchErr: `endpoint "cross-region.registry.io": unknown target "hangzou"`},
		},
		"what was seen and recorded comes back where the record is gone": {
			Input{Seen: map[string]Seen{name: {Value: "hangzhou", Recorded: true}}},
			outcome{Switch: "hangzhou", Restored: true, State: `{"lastSwitch":"hangzhou","version":1}`},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			test.in.Endpoints = endpoints(t)
			p := Decide(test.in)
			got := outcome{Switch: p.Switch[name], State: p.State[name], Restored: p.Restored[name]}
			want := test.want
			got.SwitchErr, want.SwitchErr = beginning(p.Problems[name].Switch, want.SwitchErr)
			got.Sorr, want.Sorr = beginning(p.Problems[name].State, want.Sorr)
			if diff := cmp.Diff(want.normal(), got.normal()); diff != missing {
				t.Error(diff)
			}
			writes := !test.in.Uninstalling
			if p.CreateSwitch != (writes && !test.in.Switch.Exists) {
				t.Errorf("the switch is created: %v", p.CreateSwitch)
			}
			if p.CreateState != (writes && !test.in.State.Exists && want.normal().State != "-") {
				t.Errorf("the state is created: %v", p.CreateState)
			}
			settles(t, test.in)
		})
	}
}

// beginning cuts what an error says to what is expected of it.
func beginning(err error, want string) (string, string) {
	got := text(err)
	if want != "" && strings.HasPrefix(got, want) {
		return want, want
	}
	return got, want
}

// settles does what is decided until nothing is left to do, which takes two
// turns at most: a new key is recorded after it stands.
func settles(t *testing.T, in Input) {
	t.Helper()
	in.Switch.Values, in.State.Values = maps.Clone(in.Switch.Values), maps.Clone(in.State.Values)
	for turn := range 3 {
		p := Decide(in)
		for key := range p.Switch {
			if before, stands := in.Switch.Values[key]; stands {
				t.Fatalf("%q is written over %q", p.Switch[key], before)
			}
		}
		if len(p.Switch) == 0 && len(p.State) == 0 && !p.CreateSwitch && !p.CreateState {
			return
		}
		if turn == 2 {
			t.Fatalf("it never ends: %+v", p)
		}
		write(&in.Switch, p.Switch, p.CreateSwitch)
		write(&in.State, p.State, p.CreateState)
	}
}

func write(o *Object, values map[string]string, create bool) {
	o.Exists = o.Exists || create
	if o.Values == nil {
		o.Values = map[string]string{}
	}
	maps.Copy(o.Values, values)
}

func TestEndpointsAreDecidedOfOneByOne(t *testing.T) {
	in := Input{Endpoints: endpoints(t), Switch: holds("hangzou"), State: holds()}
	second := in.Endpoints[0]
	second.Name = "second.registry.io"
	in.Endpoints = append(in.Endpoints, second)
	in.Switch.Values["elsewhere.registry.io"] = "what other versions know"
	p := Decide(in)
	if diff := cmp.Diff(map[string]string{"second.registry.io": "privatezone"}, p.Switch); diff != "" {
		t.Error(diff)
	}
	if p.Problems[name].Switch == nil || p.Problems["second.registry.io"] != (Problem{}) {
		t.Errorf("problems: %v", p.Problems)
	}
}
