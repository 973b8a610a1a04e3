package inputs

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"k8s.io/client-go/rest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reader is a running Kube or Dir.
type reader struct {
	t         *testing.T
	snapshots chan Snapshot
	all       []Snapshot // those that were taken from the channel
}

func run(t *testing.T, read func(context.Context, func(Snapshot)) error) *reader {
	t.Helper()
	r := &reader{t: t, snapshots: make(chan Snapshot, 1000)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- read(ctx, func(s Snapshot) { r.snapshots <- s }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("it returned %v", err)
		}
	})
	return r
}

func runKube(t *testing.T, f *fakeAPI, watchState bool) *reader {
	return runKubeWith(t, f.config(), watchState)
}

func runKubeWith(t *testing.T, config *rest.Config, watchState bool) *reader {
	return run(t, func(ctx context.Context, publish func(Snapshot)) error {
		return Kube(ctx, KubeOptions{Config: config, Namespace: testNamespace, WatchState: watchState, Logger: slog.New(slog.DiscardHandler)}, publish)
	})
}

// await takes snapshots until one is as the sentence says.
func (r *reader) await(sentence string, is func(Snapshot) bool) Snapshot {
	r.t.Helper()
	return r.awaitWithin(10*time.Second, sentence, is)
}

func (r *reader) awaitWithin(limit time.Duration, sentence string, is func(Snapshot) bool) Snapshot {
	r.t.Helper()
	deadline := time.After(limit)
	for {
		select {
		case s := <-r.snapshots:
			r.all = append(r.all, s)
			if is(s) {
				return s
			}
		case <-deadline:
			r.t.Fatalf("no snapshot in which %s; there were %+v", sentence, r.all)
		}
	}
}

// good says that the switch has the value and no problem.
func good(value string) func(Snapshot) bool {
	return func(s Snapshot) bool {
		return s.Switch.equal(Object{Known: true, Values: map[string]string{"reg.example.com": value}})
	}
}

// bad says that the switch has a problem whose sentence contains all the words;
// with a value, that value must be held still.
func bad(value string, words ...string) func(Snapshot) bool {
	return func(s Snapshot) bool {
		for _, word := range words {
			if !strings.Contains(s.Switch.Problem, word) {
				return false
			}
		}
		return s.Switch.Problem != "" && s.Switch.Known == (value != "") && s.Switch.Values["reg.example.com"] == value
	}
}

func value(text string) map[string]string { return map[string]string{"reg.example.com": text} }

var gone = Object{Known: true, Problem: "ConfigMap registry-failover/registry-failover does not exist"}

func isGone(s Snapshot) bool { return cmp.Equal(s.Switch, gone) }

func TestKubeFollowsWhatHappensToTheSwitch(t *testing.T) {
	f := newFakeAPI(t)
	r := runKube(t, f, true)
	r.await("the switch does not exist", isGone)
	f.set(SwitchName, value("privatezone\n"))
	r.await("it was created, white space untouched", good("privatezone\n"))
	f.set(SwitchName, value("hangzhou"))
	r.await("it was changed", good("hangzhou"))
	f.set(StateName, value("{}"))
	r.await("the state was created", func(s Snapshot) bool { return s.State.Values["reg.example.com"] == "{}" && good("hangzhou")(s) })
	f.set(SwitchName, nil)
	r.await("the switch was deleted", isGone)
	for i, s := range r.all[1:] {
		if s.equal(r.all[i]) {
			t.Errorf("published twice: %+v", s)
		}
	}
	// One list and one watch by name for each, and nothing else.
	want := map[string]int{"list " + SwitchName: 1, "watch " + SwitchName: 1, "list " + StateName: 1, "watch " + StateName: 1}
	f.mu.Lock()
	defer f.mu.Unlock()
	if diff := cmp.Diff(want, f.asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestKubeTellsThatTheProductIsBeingUninstalled(t *testing.T) {
	f := newFakeAPI(t)
	f.annotate("true")
	f.set(SwitchName, value("privatezone"))
	r := runKube(t, f, true)
	r.await("the annotation is read with the first list", func(s Snapshot) bool { return s.Switch.Mark == "true" })
	for _, mark := range []string{"", "force", "false", "true"} {
		f.annotate(mark)
		f.set(SwitchName, map[string]string{"reg.example.com": "privatezone"})
		r.await("the annotation is "+mark, func(s Snapshot) bool { return s.Switch.Mark == mark })
	}
	f.set(SwitchName, nil)
	r.await("a switch that is gone has none", isGone)
}

func TestKubeRecovers(t *testing.T) {
	none := func(string, string) int { return 0 }
	tests := map[string]struct {
		disturb func(f *fakeAPI)
		told    func(Snapshot) bool // nil: nothing need be told
		settle  func(f *fakeAPI)
	}{
		"from a watch that is cut": {
			disturb: func(f *fakeAPI) { f.cutWatches() },
			settle:  func(*fakeAPI) {},
		},
		"from 410 Gone, when the versions after its own are compacted": {
			disturb: func(f *fakeAPI) { f.compact() },
			settle:  func(*fakeAPI) {},
		},
		"from 500 to every request": {
			disturb: func(f *fakeAPI) { f.refusing(func(v, _ string) int { return 500 }); f.cutWatches() },
			told:    bad("hangzhou", "has failed since 20", "something broke", "what was read before stays"),
			settle:  func(f *fakeAPI) { f.refusing(none) },
		},
		"from a proxy that closes connections without an answer": {
			disturb: func(f *fakeAPI) { f.refusing(func(v, _ string) int { return dropped }); f.cutWatches() },
			told:    bad("hangzhou", "has failed since 20", "EOF"),
			settle:  func(f *fakeAPI) { f.refusing(none) },
		},
		"from a proxy that lets no watch through": {
			disturb: func(f *fakeAPI) {
				f.refusing(func(v, _ string) int {
					if v == "watch" {
						return dropped
					}
					return 0
				})
				f.cutWatches()
			},
			told:   bad("hangzhou", "watch has failed since 20", "closed the connection"),
			settle: func(f *fakeAPI) { f.refusing(none) },
		},
		"from an API server that is away for a while": {
			disturb: func(f *fakeAPI) { f.stop() },
			told:    bad("hangzhou", "has failed since 20", "connection refused", "what was read before stays"),
			settle:  func(f *fakeAPI) { f.start() },
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			f := newFakeAPI(t)
			f.set(SwitchName, value("hangzhou"))
			r := runKube(t, f, true)
			r.await("the switch is read", good("hangzhou"))
			test.disturb(f)
			if test.told != nil {
				r.await("the problem is told and the value stays", test.told)
			}
			f.set(SwitchName, value("zhangjiakou"))
			test.settle(f)
			back := time.Now()
			r.await("the change is seen", func(s Snapshot) bool { return s.Switch.Values["reg.example.com"] == "zhangjiakou" })
			// Two seconds is the longest delay between attempts.
			if took := time.Since(back); took > 4*time.Second {
				t.Errorf("it took %v", took)
			}
			if last := r.all[len(r.all)-1]; last.Switch.Problem != "" {
				r.await("the problem has gone", good("zhangjiakou"))
			}
			f.set(SwitchName, value("privatezone"))
			r.await("the watch works again", good("privatezone"))
		})
	}
}

func TestKubeStartsWithoutAnAPIServer(t *testing.T) {
	f := newFakeAPI(t)
	f.set(SwitchName, value("hangzhou"))
	f.stop()
	r := runKube(t, f, true)
	r.await("nothing is known but why", bad("", "ConfigMap registry-failover/registry-failover: list has failed since ", "connection refused"))
	f.start()
	r.await("the switch is read", good("hangzhou"))
	for _, s := range r.all[:len(r.all)-1] {
		if s.Switch.Known {
			t.Errorf("known too early: %+v", s)
		}
	}
}

func TestKubeNamesTheMissingRule(t *testing.T) {
	for _, verb := range []string{"list", "watch"} {
		t.Run(verb, func(t *testing.T) {
			f := newFakeAPI(t)
			f.set(SwitchName, value("hangzhou"))
			f.refusing(func(v, name string) int {
				if v == verb && name == SwitchName {
					return http.StatusForbidden
				}
				return 0
			})
			r := runKube(t, f, false)
			held := ""
			if verb == "watch" {
				held = "hangzhou"
			}
			r.await("the rule is named", bad(held, ": "+verb+" has failed", "cannot "+verb,
				"a Role in namespace registry-failover must allow get, list and watch on configmaps with resourceNames [registry-failover]"))
			for asked := f.count(verb + " " + SwitchName); f.count(verb+" "+SwitchName) < asked+2; {
				time.Sleep(10 * time.Millisecond) // until two more attempts have failed
			}
			if verb == "watch" {
				f.set(SwitchName, value("zhangjiakou"))
				r.await("a change is seen by listing", bad("zhangjiakou", "cannot watch"))
			}
			for range len(r.snapshots) {
				r.all = append(r.all, <-r.snapshots)
			}
			told := map[string]bool{}
			for _, s := range r.all {
				told[s.Switch.Problem] = true
			}
			if delete(told, ""); len(told) > 1 {
				t.Errorf("one problem was told in several ways: %v", told)
			}
			f.refusing(func(string, string) int { return 0 })
			r.await("the rule was added", func(s Snapshot) bool { return s.Switch.Known && s.Switch.Problem == "" })
		})
	}
}

func TestKubeReadsTheStateOnce(t *testing.T) {
	f := newFakeAPI(t)
	f.set(SwitchName, value("hangzhou"))
	f.set(StateName, value("one"))
	f.refusing(func(v, name string) int {
		if v == "get" {
			return http.StatusInternalServerError
		}
		return 0
	})
	r := runKube(t, f, false)
	r.await("the first attempt failed", func(s Snapshot) bool {
		return !s.State.Known && strings.Contains(s.State.Problem, "get has failed since ")
	})
	f.refusing(func(string, string) int { return 0 })
	r.await("a later one did not", func(s Snapshot) bool { return cmp.Equal(s.State, Object{Known: true, Values: value("one")}) })
	asked := f.count("get " + StateName)
	f.set(StateName, value("two"))
	f.set(SwitchName, value("zhangjiakou"))
	s := r.await("a later change of the switch is seen", good("zhangjiakou"))
	if s.State.Values["reg.example.com"] != "one" {
		t.Errorf("the state is %+v", s.State)
	}
	if f.count("get "+StateName) != asked || f.count("list "+StateName)+f.count("watch "+StateName) > 0 {
		t.Error("the state was asked for again")
	}
}

func TestKubeRefusesOptionsThatCannotWork(t *testing.T) {
	if err := Kube(t.Context(), KubeOptions{Namespace: "x"}, func(Snapshot) {}); err == nil {
		t.Error("no error without an API server")
	}
}
