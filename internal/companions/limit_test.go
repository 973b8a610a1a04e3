package companions

import (
	"strings"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/secretsapi"
)

func TestThereIsALimit(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		for _, name := range []string{"a", "b", "c", "d"} {
			api.Put(pull("ns", name, hostA+" "+name))
		}
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"), func(k *Keeper) { k.view.limit = 2 })
		of := func(name string) string { return "ns/" + name + ".hangzhou." + shared }
		w.expect("ns/a", "ns/b", "ns/c", "ns/d", of("a"), of("b"))
		if got := w.value("registry_failover_pull_secret_over_limit"); got != 2 {
			t.Errorf("the metric says %v", got)
		}
		w.Put(pull("ns", "a", hostA+" a2")) // it keeps its place
		w.expect("ns/a", "ns/b", "ns/c", "ns/d", of("a"), of("b"))
		w.Remove("ns", "a")
		w.expect("ns/b", "ns/c", "ns/d", of("b"), of("c"))
		time.Sleep(10 * time.Second)
		if got := w.index()["ns"]; strings.Count(got, "hangzhou") != 2 {
			t.Errorf("the index is %s", got)
		}
	})
}

// TestOneNamespaceTakesNobodysPlace: nor does one get it by being looked at first.
func TestOneNamespaceTakesNobodysPlace(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		for _, name := range []string{"a", "b", "c", "d"} {
			api.Put(pull("a-tenant", name, hostA+" "+name))
		}
		w := lead(t, api, configured(config.PullSecretsDerive, "*"), func(k *Keeper) { k.view.limit = 3 })
		w.Put(pull("ns", "pull", hostA+" a1"))
		w.holds(ofA, "a1")
		w.Put(pull("pay", "pull", hostA+" a1"))
		w.Put(pull("a-tenant", "e", hostA+" e"))
		time.Sleep(10 * time.Second)
		for _, namespace := range []string{"a-tenant", "ns", "pay"} {
			if got := w.index()[namespace]; strings.Count(got, "hangzhou") != 1 {
				t.Errorf("of %s the index has %s", namespace, got)
			}
		}
		if got := w.value("registry_failover_pull_secret_over_limit"); got != 4 {
			t.Errorf("the metric says that %v wait", got)
		}
		w.Remove("ns", "pull")
		time.Sleep(10 * time.Second)
		if got := w.index()["a-tenant"]; strings.Count(got, "hangzhou") != 2 {
			t.Errorf("when there is room the index has %s", got)
		}
	})
}
