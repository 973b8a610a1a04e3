package companions

import (
	"testing"
	"unique"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

func TestDecide(t *testing.T) {
	both := []pullsecrets.Holding{{Endpoint: shared, Instance: "hangzhou"}, {Endpoint: shared, Instance: "zhangjiakou"}}
	// standing is a companion as it was made of version 1.
	standing := func(instance string, change ...func(*present)) present {
		o := present{claim: claim{
			from: "pull", said: unique.Make(said{shared, instance, "rules", encodeHoldings(both)}), owner: "uid", version: "1",
		}, uid: "uid-" + "c", current: "7"}
		for _, f := range change {
			f(&o)
		}
		return o
	}
	touched := func(o *present) { o.touched = true }
	pair := func() map[string]present {
		return map[string]present{ofA: standing("hangzhou"), ofB: standing("zhangjiakou")}
	}
	for sentence, test := range map[string]struct {
		known    *known
		observed map[string]present
		change   func(*input)
		want     plan
	}{
		"what was never read is read":                {nil, nil, nil, plan{read: true}},
		"what its companions tell of isn't":          {nil, pair(), nil, plan{known: &known{version: "1", rules: "rules", holdings: both}}},
		"unless one is missing":                      {nil, map[string]present{ofA: standing("hangzhou")}, nil, plan{read: true}},
		"unless somebody has touched one":            {nil, map[string]present{ofA: standing("hangzhou", touched), ofB: standing("zhangjiakou")}, nil, plan{read: true}},
		"unless they tell different things":          {nil, map[string]present{ofA: standing("hangzhou", func(o *present) { o.said = unique.Make(said{shared, "hangzhou", "rules", shared + "/hangzhou"}) }), ofB: standing("zhangjiakou")}, nil, plan{read: true}},
		"unless one is of another version":           {nil, map[string]present{ofA: standing("hangzhou", func(o *present) { o.version = "0" }), ofB: standing("zhangjiakou")}, nil, plan{read: true}},
		"unless one is of another original":          {nil, map[string]present{ofA: standing("hangzhou", func(o *present) { o.owner = "old" }), ofB: standing("zhangjiakou")}, nil, plan{read: true}},
		"unless the configuration is another":        {nil, pair(), func(in *input) { in.rules = "new" }, plan{read: true}},
		"unless nobody can read what they tell":      {nil, map[string]present{ofA: standing("hangzhou", func(o *present) { o.said = unique.Make(said{shared, "hangzhou", "rules", "?"}) })}, nil, plan{read: true}},
		"a change is read":                           {&known{version: "0", rules: "rules", holdings: both}, pair(), nil, plan{read: true}},
		"another configuration has it read":          {&known{version: "1", rules: "old", holdings: both}, pair(), nil, plan{read: true}},
		"what is as it shall be stays":               {&known{version: "1", rules: "rules", holdings: both}, pair(), nil, plan{known: &known{version: "1", rules: "rules", holdings: both}}},
		"to write, the original has to be read":      {&known{version: "1", rules: "rules", holdings: both}, nil, nil, plan{read: true}},
		"when it has been read, what lacks is put":   {&known{version: "1", rules: "rules", holdings: both}, map[string]present{ofA: standing("hangzhou")}, func(in *input) { in.read = true }, plan{known: &known{version: "1", rules: "rules", holdings: both}, put: both[1:]}},
		"when it has changed, each is put":           {&known{version: "1", rules: "rules", holdings: both}, pair(), func(in *input) { in.read, in.changed = true, true }, plan{known: &known{version: "1", rules: "rules", holdings: both}, put: both}},
		"what was edited since it was checked":       {&known{version: "1", rules: "rules", holdings: both}, map[string]present{ofA: standing("hangzhou", func(o *present) { o.checked = "6" }), ofB: standing("zhangjiakou")}, func(in *input) { in.read = true }, plan{known: &known{version: "1", rules: "rules", holdings: both}, put: both[:1]}},
		"what was checked stays, who ever has it":    {&known{version: "1", rules: "rules", holdings: both}, map[string]present{ofA: standing("hangzhou", touched, func(o *present) { o.checked = "7" }), ofB: standing("zhangjiakou")}, nil, plan{known: &known{version: "1", rules: "rules", holdings: both}}},
		"what isn't wanted any more goes":            {&known{version: "1", rules: "rules", holdings: both[:1]}, pair(), nil, plan{known: &known{version: "1", rules: "rules", holdings: both[:1]}, remove: []string{ofB}}},
		"an unreadable one keeps what stands":        {&known{version: "1", rules: "rules", problem: "bad"}, pair(), nil, plan{known: &known{version: "1", rules: "rules", problem: "bad"}}},
		"one that shall have none loses what stands": {&known{version: "1", rules: "rules", holdings: both}, pair(), func(in *input) { in.derive = false }, plan{known: &known{version: "1", rules: "rules", holdings: both}, remove: []string{ofA, ofB}}},
		"one that is gone takes all along":           {nil, pair(), func(in *input) { in.original = nil }, plan{remove: []string{ofA, ofB}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			in := input{name: "pull", original: &original{"uid", "1", test.known}, rules: "rules", derive: true, observed: test.observed}
			if test.change != nil {
				test.change(&in)
			}
			if diff := cmp.Diff(test.want, decide(in), cmp.AllowUnexported(plan{}, known{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRulesAreThoseThatSecretsAreReadBy(t *testing.T) {
	before := rulesOf(endpoints())
	for sentence, test := range map[string]struct {
		change func() string
		same   bool
	}{
		"the same":        {func() string { return rulesOf(endpoints()) }, true},
		"another primary": {func() string { e := endpoints(); e[0].Primary = "hangzhou"; return rulesOf(e) }, true},
		"another host":    {func() string { e := endpoints(); e[0].Instances[0].PublicEndpoint = "x"; return rulesOf(e) }, false},
		"another name":    {func() string { e := endpoints(); e[0].Name = "x.io"; return rulesOf(e) }, false},
		"fewer instances": {func() string { e := endpoints(); e[0].Instances = e[0].Instances[:1]; return rulesOf(e) }, false},
	} {
		if got := test.change(); (got == before) != test.same {
			t.Errorf("%s: %s", sentence, got)
		}
	}
}
