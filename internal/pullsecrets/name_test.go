package pullsecrets_test

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/validation"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

func TestNames(t *testing.T) {
	if got, want := pullsecrets.CompanionName("pull-b", shared, "zhangjiakou"), "pull-b.zhangjiakou.cross-region.registry.io"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := pullsecrets.MintedName(shared, "hangzhou"), "registry-failover-minted.hangzhou.cross-region.registry.io"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// Written down, because companions that exist must be found again by later versions.
	if got, want := pullsecrets.CompanionName(strings.Repeat("a", 253), shared, "hangzhou"), strings.Repeat("a", 205)+".35631bd4190691c5.companion.registry-failover.io"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestNamesAreNamesOfSecretsAndTheirOwn at all lengths that Secrets, instances and endpoints may have.
func TestNamesAreNamesOfSecretsAndTheirOwn(t *testing.T) {
	long := func(n int) string { // a name of n characters, in labels of at most 63
		return strings.Repeat(strings.Repeat("x", 60)+".", 5)[:n-1] + "y"
	}
	secrets := []string{"a", "pull-b", "pull-b-2", "pull.b", "1", strings.Repeat("a", 253), strings.Repeat("a-", 126) + "a", strings.Repeat("a.", 126) + "a", strings.Repeat("a", 252) + "b"}
	for n := 150; n <= 253; n++ {
		secrets = append(secrets, strings.Repeat("s", n), strings.Repeat("t", n-20)+strings.Repeat("-", 19)+"t")
	}
	instances := []string{"a", "hangzhou", "zhangjiakou", strings.Repeat("i", 63), strings.Repeat("i", 62) + "j"}
	names := []string{"r.io", shared, second, long(200), long(252), long(253)}
	seen := map[string]string{}
	for _, endpoint := range names {
		for _, instance := range instances {
			for _, secret := range append(secrets, "registry-failover-minted") {
				of := fmt.Sprint(secret, instance, endpoint)
				name := pullsecrets.CompanionName(secret, endpoint, instance)
				if problems := validation.NameIsDNSSubdomain(name, false); problems != nil {
					t.Errorf("%s has the name %s: %s", of, name, problems)
				}
				if other, taken := seen[name]; taken {
					t.Errorf("%s and %s have the name %s", of, other, name)
				}
				seen[name] = of
			}
			if name := pullsecrets.MintedName(endpoint, instance); seen[name] == "" {
				t.Errorf("%s is minted elsewhere", name)
			}
		}
	}
	if len(seen) < 5000 {
		t.Errorf("only %d names were looked at", len(seen))
	}
}

func TestIsCompanion(t *testing.T) {
	all := endpoints(t)
	for _, secret := range []string{"pull-b", strings.Repeat("a", 253), "registry-failover-minted"} {
		if name := pullsecrets.CompanionName(secret, shared, "hangzhou"); !pullsecrets.IsCompanion(all, name) {
			t.Errorf("%s is none", name)
		}
	}
	for _, name := range []string{"", "pull-b", shared, "hangzhou." + shared, "pull-b." + shared, "pull-b.beijing." + shared, "pull-b.hangzhou.registry.io", "pull-b.hangzhou." + shared + ".x", "companion.registry-failover.io"} {
		if pullsecrets.IsCompanion(all, name) {
			t.Errorf("%s is one", name)
		}
	}
}
