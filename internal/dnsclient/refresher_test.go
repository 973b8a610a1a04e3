package dnsclient

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

func TestSchedule(t *testing.T) {
	const s = time.Second
	for sentence, test := range map[string]struct {
		wait           func(random float64) time.Duration
		atLeast, below time.Duration
	}{
		"an answer is kept for its TTL":         {func(r float64) time.Duration { return afterSuccess(20*s, r) }, 18 * s, 22 * s},
		"an answer without TTL is kept for 5 s": {func(r float64) time.Duration { return afterSuccess(0, r) }, 4500 * time.Millisecond, 5500 * time.Millisecond},
		"an answer is kept for a minute":        {func(r float64) time.Duration { return afterSuccess(24*time.Hour, r) }, 54 * s, 66 * s},
		"the 1st failure waits up to 1 s":       {func(r float64) time.Duration { return afterFailure(1, r) }, s / 2, s},
		"the 2nd failure waits up to 2 s":       {func(r float64) time.Duration { return afterFailure(2, r) }, s, 2 * s},
		"the 5th failure waits up to 16 s":      {func(r float64) time.Duration { return afterFailure(5, r) }, 8 * s, 16 * s},
		"the 6th failure waits up to 30 s":      {func(r float64) time.Duration { return afterFailure(6, r) }, 15 * s, 30 * s},
		"the 1000th failure waits up to 30 s":   {func(r float64) time.Duration { return afterFailure(1000, r) }, 15 * s, 30 * s},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := test.wait(0).Round(time.Microsecond); got != test.atLeast {
				t.Errorf("at least %s, want %s", got, test.atLeast)
			}
			if got := test.wait(0.999999999).Round(time.Microsecond); got != test.below {
				t.Errorf("at most %s, want %s", got, test.below)
			}
		})
	}
}

// outcome is what a lookup in a test gives.
type outcome struct {
	ttl time.Duration
	err error
}

func TestRefresherWaitsAsTheScheduleSays(t *testing.T) {
	const s = time.Second
	failed := errors.New("failed")
	for sentence, test := range map[string]struct {
		outcomes []outcome
		waits    [][2]time.Duration // after each
	}{
		"after success the TTL within bounds": {
			[]outcome{{ttl: 10 * s}, {ttl: s}, {ttl: time.Hour}},
			[][2]time.Duration{{9 * s, 11 * s}, {4500 * time.Millisecond, 5500 * time.Millisecond}, {54 * s, 66 * s}}},
		"after failures longer and longer, and from the start after a success": {
			[]outcome{{err: failed}, {err: failed}, {err: failed}, {ttl: 5 * s}, {err: failed}},
			[][2]time.Duration{{s / 2, s}, {s, 2 * s}, {2 * s, 4 * s}, {4500 * time.Millisecond, 5500 * time.Millisecond}, {s / 2, s}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var times []time.Time
				ctx, stop := context.WithCancel(t.Context())
				var results int
				r := NewRefresher(func(context.Context, string) (zone.Records, time.Duration, error) {
					n := len(times)
					times = append(times, time.Now())
					if n == len(test.outcomes) {
						stop()
						return zone.Records{}, 0, failed
					}
					return zone.Records{CNAME: "a.io"}, test.outcomes[n].ttl, test.outcomes[n].err
				}, func(got Result) {
					if !errors.Is(got.Err, test.outcomes[results].err) || got.Name != "x.io" {
						t.Errorf("result %d is %+v", results, got)
					}
					results++
				})
				r.SetNames([]string{"x.io"})
				if err := r.Run(ctx); err != nil {
					t.Error(err)
				}
				for i, want := range test.waits {
					if got := times[i+1].Sub(times[i]); got < want[0] || got > want[1] {
						t.Errorf("waited %s after lookup %d, want %s to %s", got, i, want[0], want[1])
					}
				}
				if results != len(test.outcomes) {
					t.Errorf("%d results, want %d and none after the end", results, len(test.outcomes))
				}
			})
		})
	}
}

// running starts a refresher whose results come in the returned slice.
func running(t *testing.T, lookup func(context.Context, string) error) (*Refresher, *[]string) {
	var got []string
	r := NewRefresher(func(ctx context.Context, name string) (zone.Records, time.Duration, error) {
		if name == "too.late" {
			t.Error("a name was looked up after Run had ended")
		}
		return zone.Records{}, time.Minute, lookup(ctx, name)
	}, func(result Result) { got = append(got, result.Name) })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		r.SetNames([]string{"too.late"})
		synctest.Wait()
	})
	synctest.Wait()
	return r, &got
}

func TestSetNames(t *testing.T) {
	t.Run("a new name is looked up at once, an old one not again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, got := running(t, func(context.Context, string) error { return nil })
			for _, names := range [][]string{{"a"}, {"a", "b"}, {"b", "a", "a"}} {
				r.SetNames(names)
				synctest.Wait()
			}
			if diff := cmp.Diff([]string{"a", "b"}, *got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	})
	t.Run("a name that is gone isn't looked up again, one that comes back is at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, got := running(t, func(context.Context, string) error { return nil })
			r.SetNames([]string{"a"})
			synctest.Wait()
			r.SetNames(nil)
			time.Sleep(time.Hour)
			if diff := cmp.Diff([]string{"a"}, *got); diff != "" {
				t.Errorf("while gone (-want +got):\n%s", diff)
			}
			r.SetNames([]string{"a"})
			synctest.Wait()
			if diff := cmp.Diff([]string{"a", "a"}, *got); diff != "" {
				t.Errorf("when back (-want +got):\n%s", diff)
			}
		})
	})
	t.Run("a lookup that ends after its name is gone delivers nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var ended bool
			r, got := running(t, func(ctx context.Context, _ string) error {
				<-ctx.Done()
				ended = true
				return nil // as if it had just succeeded
			})
			r.SetNames([]string{"a"})
			synctest.Wait()
			r.SetNames(nil)
			synctest.Wait()
			if !ended || len(*got) != 0 {
				t.Errorf("ended: %t, delivered: %q", ended, *got)
			}
		})
	})
}

func TestNotifyRunsOnceAtATimeAndMayChangeTheNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inside, calls int
		var r *Refresher
		ctx, stop := context.WithCancel(t.Context())
		lookup := func(context.Context, string) (zone.Records, time.Duration, error) {
			return zone.Records{}, time.Minute, nil
		}
		r = NewRefresher(lookup, func(got Result) {
			if inside++; inside != 1 {
				t.Error("notify was called while it ran")
			}
			if got.Name == "gone" {
				t.Error("a result came for a name that another delivery had removed")
			}
			time.Sleep(time.Second)
			if calls++; calls == 1 {
				r.SetNames([]string{"a", "b", "c"})
			}
			inside--
			if calls == 3 {
				stop()
			}
		})
		r.SetNames([]string{"a"})
		go func() {
			time.Sleep(time.Second / 2) // while the first is being delivered
			r.SetNames([]string{"a", "gone"})
		}()
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
		if calls != 3 {
			t.Errorf("%d calls, want those for a, b and c", calls)
		}
	})
}
