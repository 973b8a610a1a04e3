package switching

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/saferules"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// world is a cluster whose nodes apply a value one second after it was written.
type world struct {
	t      *testing.T
	value  string
	at     time.Time
	writes []string
	stuck  []saferules.StuckPod
	// look edits what is seen, told what the controller tells, n counts the writes.
	look  func(w *world, v *View) error
	throw func(w *world) error
}

func (w *world) Look(context.Context) (View, error) {
	v := view(w.t, w.value, "")
	v.Now = time.Now()
	for n, name := range nodes {
		if time.Since(w.at) < time.Second {
			v.Leases[n] = applied(w.t, name, "zhangjiakou")
		}
		serving := step(w.t, w.value).Switch.Target(shared, name).Instance
		v.Probers[n] = aProber(name, serving, time.Now(), healthreport.Healthy)
	}
	if w.look != nil {
		return v, w.look(w, &v)
	}
	return v, nil
}

func (w *world) Told(context.Context, string) saferules.Told {
	return saferules.Told{Stuck: &saferules.Stuck{List: w.stuck}}
}

func (w *world) Throw(_ context.Context, _, read, value string) error {
	if w.throw != nil {
		if err := w.throw(w); err != nil {
			return err
		}
	}
	if read != w.value {
		return ErrMeanwhile
	}
	w.value, w.at = value, time.Now()
	w.writes = append(w.writes, strings.ReplaceAll(value, "\n", "; "))
	return nil
}

// course is one in three waves.
func course(t *testing.T, said *[]string) Course {
	t.Helper()
	steps, err := planned(t, "privatezone", "hangzhou", 10, 40, 100).Steps()
	if err != nil {
		t.Fatal(err)
	}
	return Course{
		Endpoint: endpoint, Primary: "zhangjiakou", Steps: steps, Read: "privatezone", Timeout: 20 * time.Second, Pause: 30 * time.Second,
		Mind: zone.Target{Instance: "hangzhou", Network: zone.Internal},
		Say:  func(text string) { *said = append(*said, text) },
	}
}

func TestAWaveFollowsTheProofOfTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, value: "privatezone"}
		var said []string
		begin := time.Now()
		done, err := Run(t.Context(), w, course(t, &said))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range done {
			if !d.Written || !d.Proof.Proven || d.Proof.Seconds < 1 || d.Proof.Seconds > 2 {
				t.Errorf("%+v", d)
			}
		}
		want := []string{"to: hangzhou; from: privatezone; share: 10", "to: hangzhou; from: privatezone; share: 40", "hangzhou"}
		if diff := cmp.Diff(want, w.writes); diff != "" {
			t.Error(diff)
		}
		if took := time.Since(begin); took < 63*time.Second || took > 66*time.Second {
			t.Errorf("it took %s", took)
		}
		if !slices.Contains(said, shared+": written: 10 % of the nodes to hangzhou/internal") || !slices.Contains(said, shared+": 0 of 3 nodes switched") {
			t.Errorf("%q", said)
		}
	})
}

func TestWhatEndsTheWaves(t *testing.T) {
	away := errors.New("the API server is away")
	for sentence, test := range map[string]struct {
		look  func(w *world, v *View) error
		throw func(w *world) error
		// want is the problem, or the error, writes how many there were.
		want   string
		writes int
	}{
		"a node that doesn't follow": {
			look: func(w *world, v *View) error { v.Leases[0] = applied(w.t, "node-a", "zhangjiakou"); return nil },
			want: "2 of 3 nodes switched", writes: 1,
		},
		"a prober that is served by another": {
			look: func(w *world, v *View) error {
				if len(w.writes) == 2 {
					v.Probers[1] = aProber("node-g", "zhangjiakou", time.Now(), healthreport.Healthy)
				}
				return nil
			},
			want: "probers are served by hangzhou", writes: 2,
		},
		"a target that falls ill under the load": {
			look: func(w *world, v *View) error {
				if len(w.writes) == 2 && time.Since(w.at) > 10*time.Second {
					for n, name := range nodes {
						v.Probers[n] = aProber(name, "hangzhou", time.Now(), healthreport.Slow)
					}
				}
				return nil
			},
			want: "the probers see hangzhou/internal slow: so it is", writes: 2,
		},
		"a pod on a moved node that waits for an image since": {
			look: func(w *world, _ *View) error {
				if len(w.writes) == 1 && time.Since(w.at) > 10*time.Second {
					w.stuck = []saferules.StuckPod{{Namespace: "shop", Name: "web-1", Image: shared + "/demo/web:1", Node: "node-g", Since: time.Now()}}
				}
				return nil
			},
			want: "the pod shop/web-1 on node-g waits for cross-region.registry.io/demo/web:1 since then", writes: 1,
		},
		"somebody else who throws the switch during the proof": {
			look: func(w *world, v *View) error {
				if len(w.writes) == 1 {
					v.Switch = &corev1.ConfigMap{Data: map[string]string{shared: "zhangjiakou"}}
				}
				return nil
			},
			want: `somebody else has thrown the switch meanwhile: it says "zhangjiakou"`, writes: 1,
		},
		"somebody else who throws the switch between two": {
			throw: func(w *world) error {
				if len(w.writes) == 1 {
					w.value = "zhangjiakou"
				}
				return nil
			},
			want: "somebody else has thrown the switch meanwhile", writes: 1,
		},
		"an API server that is away for good": {
			look: func(w *world, _ *View) error {
				if len(w.writes) == 1 {
					return away
				}
				return nil
			},
			want: "the API server is away", writes: 1,
		},
		"a write that is refused": {throw: func(*world) error { return away }, want: "the API server is away"},
		"reports that can't be read, before anything is written": {
			look: func(*world, *View) error { return away }, want: "the API server is away",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{t: t, value: "privatezone", look: test.look, throw: test.throw}
				var said []string
				done, err := Run(t.Context(), w, course(t, &said))
				got := fmt.Sprint(err)
				for _, d := range done {
					if err == nil && d.Proof != nil && !d.Proof.Proven {
						got = d.Proof.Problem
					}
				}
				written := 0
				for _, d := range done {
					if d.Written {
						written++
					}
				}
				if !strings.Contains(got, test.want) || len(w.writes) != test.writes || written != test.writes {
					t.Errorf("%s, after %q", got, w.writes)
				}
			})
		})
	}
}

func TestOtherPodsThatWaitHoldNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		earlier := saferules.StuckPod{Namespace: "shop", Name: "earlier", Node: "node-g", Since: time.Now().Add(-time.Hour)}
		w := &world{t: t, value: "privatezone", stuck: []saferules.StuckPod{earlier}, look: func(w *world, _ *View) error {
			if len(w.writes) == 1 {
				elsewhere := saferules.StuckPod{Namespace: "shop", Name: "elsewhere", Node: "node-a", Since: time.Now()}
				before := saferules.StuckPod{Namespace: "shop", Name: "before", Node: "node-g", Since: w.at.Add(-time.Second)}
				w.stuck = []saferules.StuckPod{earlier, elsewhere, before}
			} else {
				w.stuck = w.stuck[:1]
			}
			return nil
		}}
		var said []string
		if done, err := Run(t.Context(), w, course(t, &said)); err != nil || !done[2].Proof.Proven {
			t.Errorf("%v %+v", err, done)
		}
	})
}

func TestAnAPIServerThatIsAwayForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := 0
		w := &world{t: t, value: "privatezone", look: func(w *world, _ *View) error {
			if len(w.writes) == 1 && failed < 3 {
				failed++
				return errors.New("the API server is away")
			}
			return nil
		}}
		var said []string
		c := course(t, &said)
		c.Steps = c.Steps[2:]
		done, err := Run(t.Context(), w, c)
		if err != nil || !done[0].Proof.Proven || !slices.Contains(said, shared+": the API server is away") {
			t.Errorf("%v %+v %q", err, done, said)
		}
	})
}

func TestAWriteWhoseAnswerIsLostCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := 0
		w := &world{t: t, value: "privatezone"}
		w.throw = func(w *world) error {
			if lost++; lost == 1 {
				w.value, w.at = "hangzhou", time.Now()
				return errors.New("the connection broke")
			}
			return nil
		}
		var said []string
		c := course(t, &said)
		c.Steps = c.Steps[2:]
		if done, err := Run(t.Context(), w, c); err != nil || !done[0].Written || !done[0].Proof.Proven || lost != 1 {
			t.Errorf("%v %+v", err, done)
		}
	})
}

func TestAWriteWithoutAnAnswerOfWhichNobodyKnowsIsInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := false
		w := &world{t: t, value: "privatezone"}
		w.throw = func(*world) error { away = true; return errors.New("the connection broke") }
		w.look = func(*world, *View) error {
			if away {
				return errors.New("the API server is away")
			}
			return nil
		}
		var said []string
		_, err := Run(t.Context(), w, course(t, &said))
		if got, want := fmt.Sprint(err), "whether the switch was written isn't known: the connection broke"; got != want {
			t.Error(got)
		}
	})
}

func TestATargetThatIsKnownToBeIllMayStayIll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, value: "privatezone", look: func(_ *world, v *View) error {
			for n, name := range nodes {
				v.Probers[n] = aProber(name, "hangzhou", time.Now(), healthreport.Slow)
			}
			return nil
		}}
		var said []string
		c := course(t, &said)
		c.Mind = zone.Target{}
		if done, err := Run(t.Context(), w, c); err != nil || !done[2].Proof.Proven {
			t.Errorf("%v %+v", err, done)
		}
	})
}

func TestWhatStandsIsProvenAndNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, value: "hangzhou"}
		steps, err := planned(t, "hangzhou", "hangzhou").Steps()
		if err != nil {
			t.Fatal(err)
		}
		done, err := Run(t.Context(), w, Course{Endpoint: endpoint, Primary: "zhangjiakou", Steps: steps, Read: "hangzhou", Timeout: time.Second, Say: func(string) {}})
		if err != nil || done[0].Written || !done[0].Proof.Proven || len(w.writes) > 0 {
			t.Errorf("%v %+v", err, done)
		}
	})
}

func TestWhoeverInterruptsLeavesItAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		w := &world{t: t, value: "privatezone"}
		var said []string
		done, err := Run(ctx, w, course(t, &said))
		if !errors.Is(err, context.DeadlineExceeded) || !done[0].Written || done[1].Written || len(w.writes) != 1 {
			t.Errorf("%v %q", err, w.writes)
		}
	})
}
