package network

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
)

// silent is a network on which nobody answers.
func silent(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestDeadInstancesDoNotAddUp: all are waited for at the same time, and what the
// caller has no time for isn't known.
func TestDeadInstancesDoNotAddUp(t *testing.T) {
	silentDNS := func(ctx context.Context, _ string) ([]netip.Addr, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for sentence, test := range map[string]struct {
		resolve           func(context.Context, string) ([]netip.Addr, error)
		limit, want       time.Duration
		resolves, answers checks.Level // of RESOLVES and REACHABLE; the others see nothing
	}{
		"with enough time":               {everything, time.Minute, patience, checks.Warning, checks.Failed},
		"with less than that":            {everything, time.Second, time.Second, checks.Warning, checks.Unknown},
		"without DNS and with less time": {silentDNS, time.Second, time.Second, checks.Unknown, checks.Unknown},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newWorld(t).config
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.limit)
				defer cancel()
				begin := time.Now()
				results := checks.Run(ctx, All(Options{Config: c, Prober: health.Prober{Resolve: test.resolve, Dial: silent}}))
				if took := time.Since(begin); took != test.want {
					t.Errorf("took %s", took)
				}
				for _, r := range results {
					want := map[checks.Code]checks.Level{Resolves: test.resolves, Reachable: test.answers}[r.Code]
					if got := r.Level(); got != cmp.Or(want, checks.Unknown) {
						t.Errorf("%s is %s: %s", r.Code, got, lines(results, r.Code))
					}
				}
			})
		})
	}
}

// TestWhatWasSeenIsToldWhenTheTimeIsOver: one that is silent doesn't hide the others.
func TestWhatWasSeenIsToldWhenTheTimeIsOver(t *testing.T) {
	w := newWorld(t)
	o := w.options()
	dial := o.Prober.Dial
	o.Prober.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == addrA+":443" {
			return silent(ctx, network, address)
		}
		return dial(ctx, network, address)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	results := checks.Run(ctx, All(o))
	compare(t, `unknown REACHABLE hangzhou/internal: had not answered when the time was over
ok REACHABLE hangzhou/public: 203.0.113.10 answers 401 in …
ok REACHABLE zhangjiakou/internal: 10.2.0.10 answers 401 in …
ok REACHABLE zhangjiakou/public: 203.0.113.20 answers 401 in …
`, lines([]checks.Result{{Code: results[1].Code, Findings: results[1].Findings[1:]}}))
	if got := codes(results, checks.OK); got != "RESOLVES REACHABLE CERTIFICATE CERTIFICATE-EXPIRY IDENTITY" || codes(results, checks.Failed) != "" {
		t.Errorf("fine are %s:\n%s", got, lines(results))
	}
}

func TestDeadHostsDoNotAddUp(t *testing.T) {
	for limit, cut := range map[time.Duration]bool{time.Minute: false, time.Second: true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			h := hosts{prober: health.Prober{Resolve: everything, Dial: silent}, seen: map[string]*host{}}
			one, other := &host{name: "a.example", port: 443}, &host{name: "b.example", port: 443}
			begin := time.Now()
			h.reach(ctx, []*host{one, other})
			if took := time.Since(begin); took != min(limit, patience) {
				t.Errorf("took %s", took)
			}
			if one.err == nil || other.err == nil || one.cut != cut || other.cut != cut {
				t.Errorf("with %s: %+v, %+v", limit, one, other)
			}
		})
	}
}
