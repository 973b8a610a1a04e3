package automatic

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/prober"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// What one probe finds, and how long it takes.
type found struct {
	level healthreport.Level
	takes time.Duration
}

var (
	well      = found{healthreport.Healthy, 20 * time.Millisecond}
	dropped2s = found{healthreport.Unreachable, 2 * time.Second}
	slow      = found{healthreport.Slow, 5 * time.Second}
	wrong     = found{healthreport.WrongIdentity, 20 * time.Millisecond}
	halfDead  = found{healthreport.Failing, 20 * time.Millisecond}
	throttled = found{healthreport.Unknown, 20 * time.Millisecond}
)

// probes are those of 15 nodes, with jitter, and judged as probers do.
type probes struct {
	mu      sync.Mutex
	records map[zone.Target][]prober.Record
	// ill tells what a probe of an instance finds that begins now; nil is well.
	ill func(zone.Target) found
}

// change lets probes that begin from now on find something else.
func (p *probes) change(ill func(zone.Target) found) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ill = ill
}

// probe goes on until ctx ends.
func (p *probes) probe(ctx context.Context, w *world, seed uint64) (wait func()) {
	h := w.config.Health
	var running sync.WaitGroup
	p.records = map[zone.Target][]prober.Record{}
	for _, target := range []zone.Target{hangzhou, zhangjiakou} {
		p.records[target] = make([]prober.Record, 15)
		for n := range p.records[target] {
			seed++
			r := rand.New(rand.NewPCG(seed, 11))
			p.records[target][n] = prober.NewRecord(time.Now())
			running.Go(func() {
				next := time.Now().Add(time.Duration(r.Float64() * float64(h.Interval.Duration)))
				for {
					select {
					case <-ctx.Done():
						return
					case <-time.After(time.Until(next)):
					}
					next = time.Now().Add(time.Duration(float64(h.Interval.Duration) * (0.9 + 0.2*r.Float64())))
					p.mu.Lock()
					f := well
					if p.ill != nil {
						f = p.ill(target)
					}
					p.mu.Unlock()
					time.Sleep(f.takes)
					p.mu.Lock()
					o := prober.Observation{Level: f.level, Reason: string(f.level), Named: f == well}
					p.records[target][n] = p.records[target][n].Next(o, time.Now(), prober.Thresholds{Failures: h.Failures, Successes: h.Successes})
					p.mu.Unlock()
				}
			})
		}
	}
	return running.Wait
}

// voices are what the controller hears.
func (p *probes) voices() map[healthreport.Key]healthquorum.Voices {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[healthreport.Key]healthquorum.Voices{}
	for target, records := range p.records {
		v := healthquorum.Voices{Levels: map[healthreport.Level]int{}}
		for _, r := range records {
			v.Levels[r.Level]++
			switch {
			case r.Level.Bad():
				v.Bad = append(v.Bad, r.Since)
			case r.Level == healthreport.Healthy:
				v.Healthy = append(v.Healthy, r.Since)
			}
		}
		slices.SortFunc(v.Healthy, time.Time.Compare)
		slices.SortFunc(v.Bad, time.Time.Compare)
		all[healthreport.Key{Endpoint: shared, Instance: target.Instance, Network: target.Network}] = v
	}
	return all
}

// playProbes plays a test while probes go on that were all well for longer than a dwell time.
func playProbes(t *testing.T, seed uint64, test func(*world, *probes)) {
	p := &probes{}
	play(t, func(w *world) {
		w.says = p.voices
		ctx, end := context.WithCancel(w.t.Context())
		wait := p.probe(ctx, w, 100*seed)
		w.t.Cleanup(func() { end(); wait() })
	}, func(w *world) { test(w, p) })
}

// TestWhateverIsWrongWithThePrimaryIsLeft has it fail in each way, and be well again.
func TestWhateverIsWrongWithThePrimaryIsLeft(t *testing.T) {
	for sentence, test := range map[string]struct {
		ill  found
		most time.Duration
	}{
		"packets to it are dropped":              {dropped2s, 20 * time.Second},
		"it is slow":                             {slow, 24 * time.Second},
		"another instance answers":               {wrong, 18 * time.Second},
		"it is half dead":                        {halfDead, 18 * time.Second},
		"it wants to be asked less often: never": {throttled, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			for seed := range uint64(2) {
				playProbes(t, seed, func(w *world, p *probes) {
					p.change(func(x zone.Target) found {
						if x == zhangjiakou {
							return test.ill
						}
						return well
					})
					begun := time.Now()
					for time.Since(begun) < time.Minute && w.leads(shared).FollowsPrivateZone() {
						time.Sleep(100 * time.Millisecond)
					}
					if took := time.Since(begun); (test.most > 0) != (w.leads(shared) == hangzhou) || test.most > 0 && took > test.most {
						t.Errorf("after %s it leads to %s", took, w.leads(shared))
					}
					p.change(nil)
					time.Sleep(30 * time.Minute)
					if all := w.api.written(shared); len(all) > 1 {
						t.Errorf("it writes %q", all)
					}
					if s := w.status(shared); test.most > 0 && s.Hold != failover.FailbackByHand {
						t.Errorf("%+v", s)
					}
				})
			}
		})
	}
}

// TestFaultsOfAllKindsInTurnMakeNoFlap has both instances fail in turn for half an hour, each time in
// another way.
func TestFaultsOfAllKindsInTurnMakeNoFlap(t *testing.T) {
	kinds := []found{dropped2s, slow, wrong, halfDead, throttled}
	for _, span := range []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute} {
		t.Run(span.String(), func(t *testing.T) {
			playProbes(t, uint64(span/time.Second), func(w *world, p *probes) {
				begun := time.Now()
				p.change(func(x zone.Target) found {
					n := int(time.Since(begun) / span)
					if (x == zhangjiakou) == (n%2 == 0) {
						return kinds[n/2%len(kinds)]
					}
					return well
				})
				time.Sleep(30 * time.Minute)
				if all := w.api.written(shared); len(all) > 1 {
					t.Errorf("it writes %q", all)
				}
			})
		})
	}
}
