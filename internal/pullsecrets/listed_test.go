package pullsecrets_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// TestWhatAPodMayList: the API server takes lists that name nothing, or the same again and again.
func TestWhatAPodMayList(t *testing.T) {
	many := make([]string, pullsecrets.MaxListed+1)
	for i := range many {
		many[i] = fmt.Sprintf("pull-%d", i)
	}
	of := func(secrets ...string) (companions []string) {
		for _, secret := range secrets {
			companions = append(companions, pullsecrets.CompanionName(secret, "cross.example.com", "hangzhou"), pullsecrets.CompanionName(secret, "cross.example.com", "zhangjiakou"))
		}
		return companions
	}
	minted := of("registry-failover-minted")
	for sentence, test := range map[string]struct {
		listed, want []string
	}{
		"a Secret that is listed twice has its companions once":            {[]string{"b", "a", "b"}, append(of("b", "a"), minted...)},
		"an empty name beside others has none":                             {[]string{"", "a", ""}, append(of("a"), minted...)},
		"what can be no Secret's name has none":                            {[]string{"A", "a_b", "a/b", "ü", strings.Repeat("a", 254), "a"}, append(of("a"), minted...)},
		"a list of names that are empty is as good as none":                {[]string{"", ""}, nil},
		"a companion has no companions, and what is there isn't put again": {append([]string{"a"}, of("a")...), minted},
		"the longest list":                     {many[1:], append(of(many[1:]...), minted...)},
		"a list that is longer":                {many, nil},
		"a list that is longer by empty names": {append(make([]string, pullsecrets.MaxListed), "a"), nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := pullsecrets.Attacher{
				Settings:  config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"shop"}, Mint: []string{"shop"}},
				Endpoints: twoOfTwo,
			}
			if diff := cmp.Diff(test.want, a.Names("shop", test.listed, []string{"cross.example.com"}, nil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIsSecretName(t *testing.T) {
	for _, name := range []string{
		"a", "pull-b", "1.2", strings.Repeat("a", 253), strings.Repeat("a", 254), "", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "A", "a_b", "ä", "a b", "a/b", "a\n",
	} {
		if got, want := pullsecrets.IsSecretName(name), validation.IsDNS1123Subdomain(name) == nil; got != want {
			t.Errorf("%q: %t, and the API server says %t", name, got, want)
		}
	}
}
