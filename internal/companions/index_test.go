package companions

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/secretsapi"
)

// indexWrites are when the index was written since the last call.
func (w *world) indexWrites() (times []time.Time) {
	for _, r := range w.Requests() {
		if r.Resource == "configmaps" && (r.Verb == "create" || r.Verb == "patch") {
			times = append(times, r.Time)
		}
	}
	w.Forget()
	return times
}

func TestTheIndexTellsWhatSecretsHold(t *testing.T) {
	for _, mode := range []config.PullSecretsMode{config.PullSecretsDerive, config.PullSecretsCheck} {
		t.Run(string(mode), func(t *testing.T) {
			play(t, func(t *testing.T) {
				api := &secretsapi.Server{}
				api.Put(pull("ns", "pull", hostA+" a1", hostB+" b1"))
				api.Put(pull("ns", "hub", "docker.io x"))
				api.Put(pull("ns", "emergency", shared+" x"))
				api.Put(pull("more", "pull", hostB+" b1"))
				api.Put(pull("kube-system", "pull", hostB+" b1"))
				w := lead(t, api, configured(mode, "*"))
				time.Sleep(10 * time.Second)
				want := map[string]string{
					"ns":   `{"emergency":["` + shared + `"],"hub":[],"pull":["` + shared + `/hangzhou","` + shared + `/zhangjiakou"]}`,
					"more": `{"pull":["` + shared + `/zhangjiakou"]}`,
				}
				if diff := cmp.Diff(want, w.index()); diff != "" {
					t.Error(diff)
				}
				w.Remove("more", "pull")
				w.Put(pull("ns", "pull", hostB+" b2"))
				time.Sleep(10 * time.Second)
				want = map[string]string{"ns": `{"emergency":["` + shared + `"],"hub":[],"pull":["` + shared + `/zhangjiakou"]}`}
				if diff := cmp.Diff(want, w.index()); diff != "" {
					t.Error(diff)
				}
				w.keepsSecrets()
			})
		})
	}
}

func TestInModeCheckNothingElseIsWritten(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		api.Put(pull("ns", "pull", hostA+" a1"))
		w := lead(t, api, configured(config.PullSecretsCheck, "ns"))
		w.Put(pull("ns", "pull", hostA+" a2"))
		time.Sleep(time.Minute)
		for _, r := range w.Requests() {
			if r.Resource != "configmaps" && r.Verb != "get" && r.Verb != "list" && r.Verb != "watch" {
				t.Errorf("it asks to %s", r)
			}
		}
		w.expect("ns/pull")
	})
}

func TestTheIndexIsWrittenOnChangesOnlyAndSeldom(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		for i := range 600 {
			w.Put(pull("ns", fmt.Sprintf("pull-%d", i), hostA+" a1"))
			time.Sleep(time.Second / 10)
		}
		time.Sleep(10 * time.Minute) // the companions take a while
		times := w.indexWrites()
		if len(times) < 5 || len(times) > 30 {
			t.Errorf("it is written %d times", len(times))
		}
		for i := range len(times) - 1 {
			if apart := times[i+1].Sub(times[i]); apart < 5*time.Second {
				t.Errorf("two writes are %v apart", apart)
			}
		}
		for i := range 600 {
			w.Put(pull("ns", fmt.Sprintf("pull-%d", i), hostA+" a2")) // what they hold is the same
		}
		time.Sleep(10 * time.Minute)
		if times := w.indexWrites(); len(times) > 0 {
			t.Errorf("it is written %d times for nothing", len(times))
		}
	})
}

func TestAnIndexThatSomebodyEditsOrDeletesComesBack(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		api.Put(pull("ns", "pull", hostA+" a1"))
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		time.Sleep(10 * time.Second)
		want := w.index()
		w.PutConfigMap(own, pullsecrets.IndexName, map[string]string{"ns": "{}", "x": "y"})
		time.Sleep(10 * time.Second)
		if diff := cmp.Diff(want, w.index()); diff != "" || len(want) != 1 {
			t.Error(diff)
		}
	})
}

// TestTheIndexOutlivesALeader: what isn't read yet is as it was published.
func TestTheIndexOutlivesALeader(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		for i := range 600 {
			api.Put(pull("ns", fmt.Sprintf("hub-%d", i), "docker.io x"))
		}
		w := lead(t, api, configured(config.PullSecretsCheck, "ns"))
		time.Sleep(time.Minute)
		want := w.index()
		w.stop()
		w = lead(t, api, configured(config.PullSecretsCheck, "ns"))
		w.Forget()
		time.Sleep(time.Minute)
		if times := w.indexWrites(); len(times) > 0 {
			t.Errorf("the next leader writes it %d times", len(times))
		}
		if diff := cmp.Diff(want, w.index()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatIsLeftIsTold(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		api.Put(pull("ns", "pull", hostA+" a1"))
		api.Put(pull("off", "pull", hostA+" a1"))
		api.Put(pull("hub", "hub", "docker.io x"))
		w := lead(t, api, configured(config.PullSecretsDerive, "ns", "off", "hub"))
		time.Sleep(10 * time.Second)
		w.stop()
		w = lead(t, api, configured(config.PullSecretsDerive, "ns"))
		time.Sleep(10 * time.Second)
		if !strings.Contains(w.log.String(), `namespace=off delete="kubectl -n off delete secret -l registry-failover.io/pull-secret"`) {
			t.Errorf("the log says\n%s", w.log)
		}
		if got := w.value("registry_failover_pull_secret_namespaces_left"); got != 1 {
			t.Errorf("the metric says %v", got)
		}
		w.expect("ns/pull", "off/pull", "hub/hub", "ns/"+ofA, "off/"+ofA)
		if _, kept := w.index()["off"]; !kept || len(w.index()) != 2 {
			t.Errorf("the index is %v", w.index())
		}
	})
}

func TestConfigurationsAreFollowed(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		api.Put(pull("ns", "pull", hostA+" a1", hostB+" b1"))
		api.Put(pull("more", "pull", hostA+" a1"))
		w := lead(t, api, configured(config.PullSecretsOff))
		time.Sleep(time.Minute)
		if got := w.Requests(); len(got) > 0 {
			t.Errorf("with mode Off it asks to %v", got)
		}
		w.keeper.Configure(configured(config.PullSecretsDerive, "ns"))
		w.expect("ns/pull", "more/pull", "ns/"+ofA, "ns/"+ofB)
		w.keeper.Configure(configured(config.PullSecretsDerive, "ns", "more"))
		w.expect("ns/pull", "more/pull", "ns/"+ofA, "ns/"+ofB, "more/"+ofA)
		c := configured(config.PullSecretsDerive, "*")
		c.Endpoints[0].Instances = c.Endpoints[0].Instances[1:]
		w.keeper.Configure(c)
		w.expect("ns/pull", "more/pull", "ns/"+ofB)
		w.keeper.Configure(configured(config.PullSecretsCheck, "*"))
		w.Put(pull("ns", "pull", hostA+" a2"))
		time.Sleep(10 * time.Second)
		w.holds(ofB, "b1")
		if got := w.value("registry_failover_pull_secret_namespaces_left"); got != 1 {
			t.Errorf("with mode Check the metric says %v", got)
		}
		w.keeper.Configure(configured(config.PullSecretsOff))
		time.Sleep(10 * time.Second)
		w.Forget()
		w.Put(pull("ns", "pull", hostA+" a3"))
		time.Sleep(time.Hour)
		if got := w.Requests(); len(got) > 0 {
			t.Errorf("with mode Off it asks to %v", got)
		}
	})
}

func TestFit(t *testing.T) {
	index := pullsecrets.Index{
		"a": {"one": {{Endpoint: shared, Instance: "hangzhou"}}, "two": {}},
		"b": {"one": {}},
	}
	whole := size(map[string]string{"a": index["a"].Encode(), "b": index["b"].Encode()})
	for room := range whole + 10 {
		texts, leftOut := fit(index, room)
		if size(texts) > room {
			t.Errorf("of %d bytes it takes %d", room, size(texts))
		}
		kept := 0
		for _, text := range texts {
			n, err := pullsecrets.DecodeNamespace([]byte(text))
			if err != nil {
				t.Error(err)
			}
			kept += len(n)
		}
		if kept+leftOut != 3 || (leftOut == 0) != (room >= whole) {
			t.Errorf("in %d bytes %d are kept and %d left out", room, kept, leftOut)
		}
		again, _ := fit(index, room)
		if diff := cmp.Diff(texts, again); diff != "" {
			t.Error(diff)
		}
	}
}

// TestOneNamespaceTakesNobodysRoomInTheIndex: whoever may make Secrets in it may make thousands.
func TestOneNamespaceTakesNobodysRoomInTheIndex(t *testing.T) {
	index := pullsecrets.Index{"a-tenant": {}, "shop": {"emergency": {{Endpoint: shared}}}, "pay": {"pull": {}}}
	for i := range 1000 {
		index["a-tenant"][fmt.Sprintf("pull-%d", i)] = nil
	}
	texts, leftOut := fit(index, 1000)
	for _, namespace := range []string{"shop", "pay"} {
		if diff := cmp.Diff(index[namespace].Encode(), texts[namespace]); diff != "" {
			t.Errorf("%s: %s", namespace, diff)
		}
	}
	if n, err := pullsecrets.DecodeNamespace([]byte(texts["a-tenant"])); err != nil || len(n) < 40 || len(n)+leftOut != 1000 {
		t.Errorf("of the other %d are kept and %d left out: %v", len(n), leftOut, err)
	}
}

// TestTheIndexOfANamespaceThatCannotBeListedStays: nothing is known that says otherwise.
func TestTheIndexOfANamespaceThatCannotBeListedStays(t *testing.T) {
	play(t, func(t *testing.T) {
		var refuse atomic.Bool
		api := &secretsapi.Server{Refuse: func(r secretsapi.Request) int {
			if refuse.Load() && r.Namespace == "ns" {
				return http.StatusForbidden
			}
			return 0
		}}
		api.Put(pull("ns", "pull", hostA+" a1"))
		api.Put(pull("more", "pull", hostA+" a1"))
		w := lead(t, api, configured(config.PullSecretsDerive, "ns", "more"))
		time.Sleep(10 * time.Second)
		want := w.index()
		w.stop()
		refuse.Store(true)
		w = lead(t, api, configured(config.PullSecretsDerive, "ns", "more"))
		time.Sleep(time.Minute)
		if diff := cmp.Diff(want, w.index()); diff != "" || len(want) != 2 {
			t.Error(diff)
		}
	})
}
