package automatic

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// soon is a step later, and what follows from it.
const soon = 2 * decideEvery

func TestTheSwitchIsThrownWithinTwoSecondsOfWhatIsSeen(t *testing.T) {
	play(t, nil, func(w *world) {
		if got := w.leads(shared); !got.FollowsPrivateZone() || len(w.first.told()) > 0 {
			t.Fatalf("it leads to %s before anything has happened", got)
		}
		w.ill(shared, zhangjiakou)
		time.Sleep(soon)
		if got := w.leads(shared); got != hangzhou {
			t.Fatalf("it leads to %s", got)
		}
		if s := w.remembers(shared); s.Own != w.api.value(inputs.SwitchName, shared) || len(s.Moves) != 1 || s.Pending != nil {
			t.Errorf("it remembers %+v", s)
		}
		want := []string{"Warning SwitchedAutomatically cross-region.registry.io: to hangzhou/internal: zhangjiakou/internal is failing for 3 of 3 vantage points since 2000-01-01T00:15:00Z; " +
			"hangzhou/internal is healthy for 3 of 3 vantage points since 1999-12-01T00:00:00Z, with 100.0 % of the images"}
		if diff := cmp.Diff(want, w.first.told()); diff != "" {
			t.Error(diff)
		}
		if got := testutil.ToFloat64(w.first.metrics.moves.WithLabelValues(shared, "hangzhou/internal")); got != 1 {
			t.Errorf("%v moves are counted", got)
		}
		time.Sleep(statusPause)
		s := w.status(shared)
		if s.Mode != config.Automatic || s.Action != failover.HoldStill || s.Hold != failover.FailbackByHand || s.MovesToday != 1 || s.Ill {
			t.Errorf("%+v", s)
		}
	})
}

func TestNothingIsStoredOrWrittenAtRest(t *testing.T) {
	play(t, nil, func(w *world) {
		requests, writes := w.costs(time.Hour)
		if most := atRest(time.Hour); requests > 2*most || writes > most {
			t.Errorf("%d requests, and %d writes, for parts of the status that are as they were", requests, writes)
		}
	})
}

// atRest is how many writes of the status at rest a span of time may see: of the decision, and
// of where PrivateZone leads.
func atRest(span time.Duration) int {
	return int(span/statusEvery) + 1 + int(span/(10*time.Minute)) + 1
}

// costs counts the requests and the writes of a span of time.
func (w *world) costs(span time.Duration) (requests, writes int) {
	count := func() (requests, writes int) {
		w.api.mu.Lock()
		defer w.api.mu.Unlock()
		return w.api.requests, w.api.versions
	}
	requests, writes = count()
	time.Sleep(span)
	r, v := count()
	return r - requests, v - writes
}

// TestADoubtThatLastsIsLookedAtSeldom is of a write that came to nothing, and an instance that is
// well again before the next: whether it comes late is seen when somebody writes the switch.
func TestADoubtThatLastsIsLookedAtSeldom(t *testing.T) {
	play(t, nil, func(w *world) {
		w.api.comesOut(nil, func(name, _ string) {
			if name == inputs.SwitchName {
				w.see(shared, zhangjiakou, healthreport.Healthy, 3, 0)
			}
		})
		w.once(inputs.SwitchName, dropped)
		w.ill(shared, zhangjiakou)
		time.Sleep(soon)
		if s := w.remembers(shared); s.Pending == nil {
			t.Fatalf("%+v is remembered", s)
		}
		requests, writes := w.costs(time.Hour)
		if most := atRest(time.Hour); requests > 2*most+int(time.Hour/doubtEvery) || writes > most {
			t.Errorf("%d requests, and %d writes", requests, writes)
		}
		w.api.person(shared, w.remembers(shared).Pending.Value) // as a write does that comes late
		time.Sleep(soon)
		if s := w.remembers(shared); s.Pending != nil || len(s.Moves) != 1 || s.Own == "" {
			t.Errorf("%+v is remembered", s)
		}
	})
}

func TestInManualModeOnlyATimeThatIsOverIsActedOn(t *testing.T) {
	manual := func(w *world) { w.config.Failover.Mode = config.Manual }
	play(t, manual, func(w *world) {
		w.ill(shared, zhangjiakou)
		time.Sleep(time.Hour)
		if got := w.leads(shared); !got.FollowsPrivateZone() || len(w.first.told()) > 0 {
			t.Errorf("it leads to %s", got)
		}
		time.Sleep(statusEvery)
		if s := w.status(shared); s.Hold != failover.ManualMode || !s.Ill || s.Mode != config.Manual {
			t.Errorf("%+v", s)
		}
		w.api.person(shared, "to: hangzhou\nreason: drill\nuntil: "+time.Now().Add(time.Minute).UTC().Format(time.RFC3339))
		time.Sleep(time.Minute + soon)
		sw, _ := w.config.Zones()[0].ParseSwitch(w.api.value(inputs.SwitchName, shared))
		if sw.To != hangzhou || sw.Reason != "drill" || time.Until(sw.Until) < 9*time.Minute {
			t.Errorf("its time isn't extended: %+v", sw)
		}
		if told := w.first.told(); len(told) != 1 || !strings.HasPrefix(told[0], "Warning UntilExtended cross-region.registry.io: its time is over, and is extended by 10m0s: PrivateZone leads to an instance that is ill") {
			t.Errorf("%q", told)
		}
		if got := testutil.ToFloat64(w.first.metrics.extensions.WithLabelValues(shared)); got != 1 {
			t.Errorf("%v extensions are counted", got)
		}
		w.see(shared, zhangjiakou, healthreport.Healthy, 3, 0)
		time.Sleep(11 * time.Minute)
		if got := w.leads(shared); !got.FollowsPrivateZone() {
			t.Errorf("it leads to %s", got)
		}
		if told := w.first.told(); len(told) != 1 || !strings.HasPrefix(told[0], "Normal UntilEnded cross-region.registry.io: to privatezone: its time at hangzhou/internal, until ") {
			t.Errorf("%q", told)
		}
	})
}

func TestADrillOfNodesEndsWithoutProbers(t *testing.T) {
	play(t, func(w *world) { w.deaf = true }, func(w *world) {
		w.api.person(shared, "to: hangzhou\nfrom: privatezone\nnodes: node-a\nuntil: "+time.Now().Add(time.Minute).UTC().Format(time.RFC3339))
		time.Sleep(time.Minute + soon)
		if got := w.leads(shared); !got.FollowsPrivateZone() {
			t.Errorf("it leads to %s", got)
		}
	})
}

func TestWhyNothingIsDoneIsToldOnce(t *testing.T) {
	play(t, nil, func(w *world) {
		w.see(shared, zhangjiakou, healthreport.Slow, 2, 1) // of three, two are a quorum
		w.change(func() { w.ready = nil })
		time.Sleep(20 * time.Minute)
		if told := w.first.told(); len(told) != 1 || !strings.HasPrefix(told[0], "Warning AutomaticHolds cross-region.registry.io: ReadinessUnknown: nobody knows whether the target has the images") {
			t.Errorf("%q", told)
		}
		if got := testutil.ToFloat64(w.first.metrics.holds.WithLabelValues(shared, string(failover.ReadinessUnknown))); got != 1 {
			t.Errorf("the metric has %v", got)
		}
		s := w.status(shared)
		if s.Hold != failover.ReadinessUnknown || !s.Ill || time.Since(s.Since) < 19*time.Minute {
			t.Errorf("%+v", s)
		}
		for range 100 { // votes that hang in the balance
			w.see(shared, hangzhou, healthreport.Healthy, 1, 1)
			time.Sleep(soon)
			w.see(shared, hangzhou, healthreport.Healthy, 2, 1)
			time.Sleep(soon)
		}
		if told := w.first.told(); len(told) > 3 {
			t.Errorf("%d Events: %q", len(told), told)
		}
		w.see(shared, zhangjiakou, healthreport.Healthy, 3, 0)
		time.Sleep(soon)
		if n := testutil.CollectAndCount(w.first.metrics.holds); n != 1 {
			t.Errorf("the metric has %d reasons", n)
		}
	})
}

func TestWhatMayNotBeJudgedMovesNothing(t *testing.T) {
	for sentence, edit := range map[string]func(*world){
		"the probers are silent":                func(w *world) { w.change(func() { w.deaf = true }) },
		"the product is being uninstalled":      func(w *world) { w.mark("true") },
		"a person has thrown the switch":        func(w *world) { w.api.person(shared, "zhangjiakou") },
		"the switch isn't valid":                func(w *world) { w.api.person(shared, "nowhere") },
		"PrivateZone leads to no instance":      func(w *world) { w.change(func() { w.dns[shared] = zone.Records{CNAME: "elsewhere.example.com"} }) },
		"the standby is healthy since too soon": func(w *world) { w.see(shared, hangzhou, healthreport.Healthy, 3, 0) },
	} {
		t.Run(sentence, func(t *testing.T) {
			play(t, nil, func(w *world) {
				edit(w)
				time.Sleep(time.Minute)
				w.ill(shared, zhangjiakou)
				time.Sleep(8 * time.Minute)
				if all := w.api.written(shared); len(all) > 0 {
					t.Errorf("it writes %q", all)
				}
			})
		})
	}
}

func (w *world) mark(value string) {
	w.api.mu.Lock()
	defer w.api.mu.Unlock()
	m := w.api.maps[inputs.SwitchName]
	m.Annotations = map[string]string{inputs.UninstallAnnotation: value}
	w.api.put(inputs.SwitchName, nil)
}

func TestAMemoryThatCannotBeReadBeginsAnew(t *testing.T) {
	broken := func(w *world) {
		w.api.maps[inputs.AutomaticName] = &corev1.ConfigMap{Data: map[string]string{shared: "{"}}
		w.api.maps[inputs.AutomaticName].ResourceVersion = "x"
	}
	play(t, broken, func(w *world) {
		if s := w.remembers(shared); s.Leads != "privatezone to zhangjiakou/internal" || !strings.Contains(w.logged(), "automatic mode begins anew") {
			t.Errorf("%+v\n%s", s, w.logged())
		}
	})
}

func TestAnEndpointThatIsNoMoreIsForgotten(t *testing.T) {
	play(t, two, func(w *world) {
		if n := testutil.CollectAndCount(w.first.metrics.holds); n != 2 {
			t.Errorf("the metric has %d reasons", n)
		}
		less := *w.config
		less.Endpoints = less.Endpoints[:1]
		w.first.Configure(&less)
		time.Sleep(soon)
		if n := testutil.CollectAndCount(w.first.metrics.holds); n != 1 {
			t.Errorf("the metric has %d reasons", n)
		}
	})
}

func TestTheEndOfALeaderIsTheEndOfItsMetrics(t *testing.T) {
	play(t, nil, func(w *world) {
		w.first.end()
		if n := testutil.CollectAndCount(w.first.metrics.holds); n != 0 {
			t.Errorf("the metric has %d reasons", n)
		}
	})
}

func TestAWatchThatCannotBeginEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := New(Options{Watch: failing, Lookup: w.lookup, Ready: w, Metrics: w.registry(), Log: nil})
		c.Configure(w.config)
		if err := c.Start(t.Context()); err == nil {
			t.Error("nobody is told")
		}
	})
}
