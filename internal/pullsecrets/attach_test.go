package pullsecrets_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// Names of companions of the first endpoint, as CompanionName has them.
const (
	ofHangzhou    = ".hangzhou." + shared
	ofZhangjiakou = ".zhangjiakou." + shared
	minted        = "registry-failover-minted"
)

func TestAttacherNames(t *testing.T) {
	known := pullsecrets.Namespace{
		"pull-a": {{Endpoint: shared, Instance: "hangzhou"}},
		"pull-b": {{Endpoint: shared, Instance: "zhangjiakou", Temporary: true}},
		"both":   {{Endpoint: shared, Instance: "hangzhou"}, {Endpoint: shared, Instance: "zhangjiakou"}},
		"direct": {{Endpoint: shared}, {Endpoint: shared, Instance: "hangzhou"}},
		"hub":    {},
		"second": {{Endpoint: second, Instance: "beijing"}},
	}
	withBreakGlass := pullsecrets.Namespace{"break-glass": {{Endpoint: shared}}, "pull-b": known["pull-b"]}
	derive := config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"shop", "batch"}}
	minting, breaking := derive, derive
	minting.Mint, breaking.BreakGlass = []string{"shop"}, "break-glass"
	first := []string{shared}
	long := strings.Repeat("a", 70)

	for sentence, test := range map[string]struct {
		settings  config.PullSecrets
		namespace string
		listed    []string
		rewritten []string
		known     pullsecrets.Namespace
		want      []string
	}{
		"what a listed Secret holds is attached": {derive, "shop", []string{"pull-b"}, first, known, []string{"pull-b" + ofZhangjiakou}},
		"in the order of the listed Secrets, and in it the configuration's": {
			derive, "shop", []string{"pull-b", "both", "pull-a"}, first, known,
			[]string{"pull-b" + ofZhangjiakou, "both" + ofHangzhou, "both" + ofZhangjiakou, "pull-a" + ofHangzhou},
		},
		"all names of a Secret that isn't known":                 {derive, "shop", []string{"new"}, first, known, []string{"new" + ofHangzhou, "new" + ofZhangjiakou}},
		"beside one that is known":                               {derive, "shop", []string{"pull-b", "new"}, first, known, []string{"pull-b" + ofZhangjiakou, "new" + ofHangzhou, "new" + ofZhangjiakou}},
		"all names of all where no index is":                     {derive, "shop", []string{"pull-b"}, first, nil, []string{"pull-b" + ofHangzhou, "pull-b" + ofZhangjiakou}},
		"a label of a Secret's name may be longer than a host's": {derive, "shop", []string{long}, first, known, []string{long + ofHangzhou, long + ofZhangjiakou}},
		"all names where nothing is held for the endpoint": {
			derive, "shop", []string{"hub", "second"}, first, known,
			[]string{"hub" + ofHangzhou, "hub" + ofZhangjiakou, "second" + ofHangzhou, "second" + ofZhangjiakou},
		},
		"none of a Secret that holds nothing where another holds something": {derive, "shop", []string{"hub", "pull-b"}, first, known, []string{"pull-b" + ofZhangjiakou}},
		"none of a Secret for the endpoint itself":                          {derive, "shop", []string{"direct"}, first, known, nil},
		"of each rewritten endpoint": {
			derive, "shop", []string{"second", "pull-b"}, []string{second, shared}, known,
			[]string{"second.beijing." + second, "pull-b" + ofZhangjiakou},
		},
		"of rewritten endpoints alone":               {derive, "shop", []string{"pull-b", "second"}, []string{second}, known, []string{"second.beijing." + second}},
		"none where no image is rewritten":           {minting, "shop", []string{"pull-b", "new"}, nil, withBreakGlass, nil},
		"none to an empty list":                      {minting, "shop", nil, first, known, nil},
		"none in another namespace":                  {derive, "other", []string{"pull-b"}, first, known, nil},
		"none in Kubernetes' own":                    {config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"*"}}, "kube-system", []string{"pull-b"}, first, known, nil},
		"in all others with a star":                  {config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"*"}}, "any", []string{"pull-b"}, first, known, []string{"pull-b" + ofZhangjiakou}},
		"none where the mode is Off":                 {config.PullSecrets{Mode: config.PullSecretsOff, Namespaces: []string{"shop"}}, "shop", []string{"pull-b"}, first, known, nil},
		"none that is listed":                        {derive, "shop", []string{"both", "both" + ofZhangjiakou}, first, known, []string{"both" + ofHangzhou}},
		"none twice where a Secret is listed twice":  {derive, "shop", []string{"pull-b", "pull-b"}, first, known, []string{"pull-b" + ofZhangjiakou}},
		"none of a companion":                        {derive, "shop", []string{"gone" + ofHangzhou, "pull-b"}, first, known, []string{"pull-b" + ofZhangjiakou}},
		"none of a name that is empty":               {derive, "shop", []string{"", "pull-b"}, first, known, []string{"pull-b" + ofZhangjiakou}},
		"minted ones of each instance, after others": {minting, "shop", []string{"pull-b"}, first, known, []string{"pull-b" + ofZhangjiakou, minted + ofHangzhou, minted + ofZhangjiakou}},
		"minted ones of rewritten endpoints alone":   {minting, "shop", []string{"second"}, []string{second}, known, []string{"second.beijing." + second, minted + ".beijing." + second, minted + ".shanghai." + second}},
		"minted ones not where they aren't listed":   {minting, "batch", []string{"pull-b"}, first, known, []string{"pull-b" + ofZhangjiakou}},
		"minted ones not twice":                      {minting, "shop", []string{"pull-b", minted + ofHangzhou}, first, known, []string{"pull-b" + ofZhangjiakou, minted + ofZhangjiakou}},
		"break-glass comes last, where it exists":    {breaking, "shop", []string{"pull-b"}, first, withBreakGlass, []string{"pull-b" + ofZhangjiakou, "break-glass"}},
		"break-glass not where it doesn't":           {breaking, "shop", []string{"pull-b"}, first, known, []string{"pull-b" + ofZhangjiakou}},
		"break-glass not where no index is":          {breaking, "shop", []string{"pull-b"}, first, nil, []string{"pull-b" + ofHangzhou, "pull-b" + ofZhangjiakou}},
		"break-glass not twice":                      {breaking, "shop", []string{"break-glass", "pull-b"}, first, withBreakGlass, []string{"pull-b" + ofZhangjiakou}},
		"break-glass has no companions":              {breaking, "shop", []string{"break-glass"}, first, nil, nil},
		"no break-glass is named": {
			derive, "shop", []string{"pull-b"}, first, pullsecrets.Namespace{"": {}, "pull-b": known["pull-b"]}, []string{"pull-b" + ofZhangjiakou},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			listed := slices.Clone(test.listed)
			a := pullsecrets.Attacher{Settings: test.settings, Endpoints: endpoints(t)}
			if diff := cmp.Diff(test.want, a.Names(test.namespace, listed, test.rewritten, test.known)); diff != "" {
				t.Error(diff)
			}
			if !slices.Equal(listed, test.listed) {
				t.Errorf("the list became %q", listed)
			}
		})
	}
}

// TestAttachingTwiceChangesNothing, since the API server may call the webhook again.
func TestAttachingTwiceChangesNothing(t *testing.T) {
	a := pullsecrets.Attacher{
		Settings:  config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"shop"}, Mint: []string{"shop"}, BreakGlass: "break-glass"},
		Endpoints: endpoints(t),
	}
	for _, known := range []pullsecrets.Namespace{nil, {"break-glass": {{Endpoint: shared}}, "pull-b": {{Endpoint: shared, Instance: "zhangjiakou"}}}} {
		listed := []string{"new", "pull-b"}
		first := a.Names("shop", listed, []string{shared}, known)
		if len(first) < 4 {
			t.Fatalf("only %q are attached", first)
		}
		if again := a.Names("shop", append(listed, first...), []string{shared}, known); again != nil {
			t.Errorf("%q come later", again)
		}
	}
}
