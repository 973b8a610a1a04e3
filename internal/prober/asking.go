package prober

import (
	"context"
	"net/netip"
	"time"

	"github.com/registry-failover/registry-failover/internal/health"
)

// asking is what remembers when a target was asked what is asked seldom.
type asking struct {
	target
	prober health.Prober
	// successes are how many good answers in a row make an instance healthy.
	successes     int
	token, canary cadence
}

// probe asks all that a pull asks: each question gets an answer within the time from
// which it is slow, or none.
func (a *asking) probe(ctx context.Context) Seen {
	var s Seen
	_ = a.patiently(ctx, func(ctx context.Context) error { // it is in the result
		s.Result = a.prober.Probe(ctx, a.health)
		return s.Err
	})
	if s.Err != nil || s.Answer.Instance.ID != "" && s.Answer.Instance.ID != a.expected.ID {
		return s
	}
	if s.Answer.Realm != nil {
		s.Token = a.token.ask(time.Now(), s.Answer.Realm.String(), a.successes, func() error {
			return a.patiently(ctx, func(ctx context.Context) error { return a.prober.TokenService(ctx, s.Answer) })
		})
	}
	if a.repository != "" && s.Token == nil {
		s.Canary = a.canary.ask(time.Now(), a.repository+"@"+a.digest, a.successes, func() error {
			return a.patiently(ctx, func(ctx context.Context) error { return a.manifest(ctx, s.Addr, s.Answer) })
		})
	}
	return s
}

func (a *asking) manifest(ctx context.Context, at netip.Addr, answer *health.Answer) error {
	return a.prober.Manifest(ctx, a.Endpoint, at, answer, a.repository, a.digest)
}

// patiently gives one question its time.
func (a *asking) patiently(ctx context.Context, question func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, a.expected.Slow)
	defer cancel()
	return question(ctx)
}
