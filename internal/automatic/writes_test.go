package automatic

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/inputs"
)

func failing(context.Context, func(inputs.Snapshot)) error { return errors.New("no API server") }

func (w *world) registry() *prometheus.Registry { return prometheus.NewRegistry() }

// once makes the first writes of a ConfigMap come out so, and all others done.
func (w *world) once(name string, outcomes ...outcome) {
	w.api.comesOut(func(written, _ string) outcome { // under the lock of the API
		if written != name || len(outcomes) == 0 {
			return done
		}
		first := outcomes[0]
		outcomes = outcomes[1:]
		return first
	}, w.api.before)
}

// thrown says that the switch was thrown exactly once, and that this is remembered and told once.
func (w *world) thrown(endpoint string, leaders ...*leader) {
	w.t.Helper()
	if len(w.api.written(endpoint)) != 1 || w.leads(endpoint) != hangzhou {
		w.t.Errorf("the switch was written %q", w.api.written(endpoint))
	}
	if s := w.remembers(endpoint); len(s.Moves) != 1 || s.Pending != nil || s.Own != strings.TrimSpace(w.api.value(inputs.SwitchName, endpoint)) {
		w.t.Errorf("%+v is remembered", s)
	}
	var told []string
	for _, l := range leaders {
		for _, e := range l.told() {
			if strings.Contains(e, switched+" "+endpoint) {
				told = append(told, e)
			}
		}
	}
	if len(told) != 1 {
		w.t.Errorf("it is told %q", told)
	}
}

func TestAWriteWhoseAnswerIsLost(t *testing.T) {
	for sentence, outcomes := range map[string][]outcome{
		"it was carried out": {lost},
		"it was not":         {dropped},
		"nor was the next":   {dropped, dropped},
		"it is carried out later, before the next":      {late, dropped, dropped, dropped},
		"it is later than the next":                     {late},
		"it is later than the next, which is lost, too": {late, lost},
		"all of them are late":                          {late, late, late},
	} {
		t.Run(sentence, func(t *testing.T) {
			play(t, nil, func(w *world) {
				w.once(inputs.SwitchName, outcomes...)
				w.ill(shared, zhangjiakou)
				time.Sleep(time.Minute)
				w.thrown(shared, w.first)
			})
		})
	}
}

func TestAMemoryThatIsNotKnownToBeStoredComesBeforeTheSwitch(t *testing.T) {
	for sentence, outcomes := range map[string][]outcome{
		"it was stored":        {lost},
		"it was not":           {dropped},
		"it is stored later":   {late},
		"twice it is not":      {dropped, lost},
		"it may not be stored": {denied},
	} {
		t.Run(sentence, func(t *testing.T) {
			play(t, nil, func(w *world) {
				w.api.comesOut(nil, func(name, _ string) {
					if name == inputs.SwitchName && w.remembers(shared).Pending == nil {
						t.Error("the switch is written, and nobody remembers it")
					}
				})
				w.once(inputs.AutomaticName, outcomes...)
				w.ill(shared, zhangjiakou)
				time.Sleep(time.Minute)
				w.thrown(shared, w.first)
			})
		})
	}
}

func TestAPersonIsFaster(t *testing.T) {
	play(t, nil, func(w *world) {
		w.api.comesOut(nil, func(name, _ string) {
			if name == inputs.SwitchName {
				w.api.comesOut(nil, nil)
				w.api.person(shared, "zhangjiakou")
			}
		})
		w.ill(shared, zhangjiakou)
		time.Sleep(time.Hour)
		if got := w.api.value(inputs.SwitchName, shared); got != "zhangjiakou" || len(w.api.written(shared)) > 0 {
			t.Errorf("it leads to %s", got)
		}
		if s := w.remembers(shared); len(s.Moves) > 0 || s.Pending != nil {
			t.Errorf("%+v is remembered", s)
		}
	})
}

func TestWritesOfAnotherEndpointRefuseNothingForEver(t *testing.T) {
	play(t, two, func(w *world) {
		var n atomic.Int64
		w.api.comesOut(nil, func(name, key string) {
			if name == inputs.SwitchName && key == shared && n.Load() < 5 {
				w.api.person(other, fmt.Sprintf("to: hangzhou\nreason: test %d", n.Add(1)))
			}
		})
		w.ill(shared, zhangjiakou)
		time.Sleep(10 * time.Second)
		if n.Load() != 5 {
			t.Errorf("only %d attempts", n.Load())
		}
		w.thrown(shared, w.first)
	})
}

// TestADoubtOfOneEndpointEndsWithTheWriteOfAnother: it doesn't count as taken back by a person.
func TestADoubtOfOneEndpointEndsWithTheWriteOfAnother(t *testing.T) {
	for sentence, outcomes := range map[string][]outcome{
		"which is answered":    {dropped},
		"whose answer is lost": {dropped, lost},
		"which is in doubt":    {dropped, dropped, lost},
	} {
		t.Run(sentence, func(t *testing.T) {
			play(t, two, func(w *world) {
				w.once(inputs.SwitchName, outcomes...)
				w.ill(shared, zhangjiakou)
				w.ill(other, zhangjiakou)
				time.Sleep(time.Minute)
				events := w.first.told()
				if len(w.api.written(shared)) != 1 || len(w.api.written(other)) != 1 {
					t.Errorf("written %q and %q\n%q", w.api.written(shared), w.api.written(other), events)
				}
				for _, e := range []string{shared, other} {
					if s := w.remembers(e); len(s.Moves) != 1 || s.Own == "" {
						t.Errorf("%s: %+v is remembered", e, s)
					}
				}
			})
		})
	}
}

// TestADoubtEndsWithAReturnOfAnother: of that, nothing is remembered by which it could be known later.
func TestADoubtEndsWithAReturnOfAnother(t *testing.T) {
	play(t, two, func(w *world) {
		until := time.Now().Add(10 * time.Second).Truncate(time.Second)
		w.api.person(other, "to: hangzhou\nuntil: "+until.UTC().Format(time.RFC3339))
		time.Sleep(time.Until(until) - time.Millisecond)
		w.once(inputs.SwitchName, dropped)
		w.see(shared, zhangjiakou, healthreport.Failing, 2, 1)
		time.Sleep(5 * time.Second)
		if !w.leads(other).FollowsPrivateZone() {
			t.Errorf("the other leads to %s", w.leads(other))
		}
		w.thrown(shared, w.first)
	})
}

func TestAValueThatIsNotAllowedIsTriedSeldom(t *testing.T) {
	play(t, nil, func(w *world) {
		var attempts atomic.Int64
		w.api.comesOut(func(name, _ string) outcome {
			if name != inputs.SwitchName {
				return done
			}
			attempts.Add(1)
			return denied
		}, nil)
		w.ill(shared, zhangjiakou)
		time.Sleep(time.Minute)
		if n := attempts.Load(); n < 5 || n > 7 {
			t.Errorf("%d attempts in a minute", n)
		}
		if s := w.remembers(shared); s.Pending != nil || len(s.Moves) > 0 {
			t.Errorf("%+v is remembered", s)
		}
		if n := strings.Count(w.logged(), "automatic mode can't go on"); n != 1 {
			t.Errorf("that is logged %d times", n)
		}
		w.holdsBecause("NotWritten: what was decided can't be carried out: the API server refuses it: the switch may not be written: ")
		w.api.comesOut(nil, nil)
		time.Sleep(refusedFor + soon)
		w.thrown(shared, w.first)
	})
}

// holdsBecause says that people are told why nothing is done about an instance that is ill: once by
// an Event, and in the status.
func (w *world) holdsBecause(why string) {
	w.t.Helper()
	if told := w.first.told(); len(told) != 1 || !strings.HasPrefix(told[0], "Warning AutomaticHolds "+shared+": "+why) {
		w.t.Errorf("it is told %q", told)
	}
	if s := w.status(shared); !s.Ill || s.Action != failover.HoldStill || !strings.HasPrefix(string(s.Hold)+": "+s.Why, why) {
		w.t.Errorf("the status has %+v", s)
	}
}

// TestAMemoryThatMayNotBeStoredIsTold: as with a Role that lacks a right, nothing moves, and nobody is
// told that all is well.
func TestAMemoryThatMayNotBeStoredIsTold(t *testing.T) {
	play(t, nil, func(w *world) {
		w.api.comesOut(func(name, _ string) outcome {
			if name == inputs.AutomaticName {
				return denied
			}
			return done
		}, nil)
		w.ill(shared, zhangjiakou)
		time.Sleep(time.Minute)
		if all := w.api.written(shared); len(all) > 0 {
			t.Errorf("it writes %q", all)
		}
		w.holdsBecause("NotWritten: what was decided can't be carried out: the API server refuses it: could not write the ConfigMap registry-failover-automatic: ")
		w.api.comesOut(nil, nil)
		time.Sleep(soon)
		w.thrown(shared, w.first)
	})
}

func TestAWatchThatIsLateSpoilsNothing(t *testing.T) {
	play(t, func(w *world) { w.api.lag = 20 * time.Second }, func(w *world) {
		w.ill(shared, zhangjiakou)
		time.Sleep(time.Minute)
		w.thrown(shared, w.first)
		time.Sleep(time.Hour)
		if s := w.remembers(shared); s.Own == "" {
			t.Errorf("%+v is remembered", s)
		}
	})
}

func TestTheNextLeaderGoesOn(t *testing.T) {
	for sentence, outcomes := range map[string][]outcome{
		"the switch was written":                   {lost},
		"it was not":                               {dropped},
		"it is written after the new leader began": {late},
	} {
		t.Run(sentence, func(t *testing.T) {
			play(t, nil, func(w *world) {
				attempted := make(chan struct{})
				attempt := sync.OnceFunc(func() { close(attempted) })
				w.api.comesOut(nil, func(name, _ string) {
					if name == inputs.SwitchName {
						attempt()
					}
				})
				w.once(inputs.SwitchName, outcomes...)
				w.ill(shared, zhangjiakou)
				<-attempted
				synctest.Wait()
				w.first.end()
				second := w.lead()
				defer second.end()
				time.Sleep(time.Minute)
				w.thrown(shared, w.first, second)
				if s := w.status(shared); s.Hold != failover.FailbackByHand {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestADwellTimeOutlivesALeader(t *testing.T) {
	play(t, nil, func(w *world) {
		w.ill(shared, zhangjiakou)
		time.Sleep(soon)
		w.thrown(shared, w.first)
		w.see(shared, zhangjiakou, "healthy", 3, 0)
		w.first.end()
		time.Sleep(9 * time.Minute)
		w.ill(shared, hangzhou)
		second := w.lead()
		defer second.end()
		time.Sleep(30 * time.Second)
		if n := len(w.api.written(shared)); n != 1 {
			t.Errorf("written %q", w.api.written(shared))
		}
		time.Sleep(time.Minute)
		if got := w.leads(shared); got != zhangjiakou {
			t.Errorf("it leads to %s", got)
		}
	})
}

func TestTwoThatLeadAtOnceThrowItOnce(t *testing.T) {
	play(t, nil, func(w *world) {
		second := w.lead()
		defer second.end()
		time.Sleep(time.Minute)
		w.ill(shared, zhangjiakou)
		time.Sleep(time.Minute)
		if len(w.api.written(shared)) != 1 {
			t.Errorf("written %q", w.api.written(shared))
		}
		if s := w.remembers(shared); len(s.Moves) != 1 || s.Own == "" {
			t.Errorf("%+v is remembered", s)
		}
	})
}

// TestWhateverBecomesOfWritesTheSwitchIsThrownOnce lets two endpoints lose their primary
// while answers are lost, writes come late, and leaders change and overlap.
func TestWhateverBecomesOfWritesTheSwitchIsThrownOnce(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			play(t, func(w *world) {
				two(w)
				w.config.Failover.Dwell.Duration, w.quiet = 0, time.Minute // the least is 32 s
				w.api.lag = time.Duration(r.IntN(5)) * time.Second
			}, func(w *world) {
				var mu sync.Mutex
				w.api.comesOut(func(string, string) outcome {
					mu.Lock()
					defer mu.Unlock()
					return []outcome{done, done, lost, dropped, late}[r.IntN(5)]
				}, nil)
				w.ill(shared, zhangjiakou)
				w.ill(other, zhangjiakou)
				leaders := []*leader{w.first}
				for range 6 {
					mu.Lock()
					span, overlap := time.Duration(r.IntN(8000))*time.Millisecond, r.IntN(2) == 0
					mu.Unlock()
					time.Sleep(span)
					last := leaders[len(leaders)-1]
					if !overlap {
						last.end()
					}
					leaders = append(leaders, w.lead())
					if overlap {
						time.Sleep(time.Second)
						last.end()
					}
				}
				w.api.comesOut(nil, nil)
				time.Sleep(2 * time.Minute)
				for _, l := range leaders {
					defer l.end()
				}
				for _, e := range []string{shared, other} {
					if n := len(w.api.written(e)); n > 1 {
						t.Errorf("%s: written %d times: %q", e, n, w.api.written(e))
					}
					s := w.remembers(e)
					// A leader that ends before it has told of one's write leaves the other's in doubt, which counts.
					if n := len(w.api.written(e)); n == 1 && (s.Own == "" || len(s.Moves) < 1) {
						t.Errorf("%s: %+v is remembered", e, s)
					}
				}
				if len(w.api.written(shared))+len(w.api.written(other)) == 0 {
					t.Errorf("nothing was written in all the time: %+v\n%s", w.remembers(shared), w.logged())
				}
			})
		})
	}
}
