package alibaba

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// rereadAfter is how soon a session without a known end is fetched again: a
	// changed Secret counts within that time of kubelet's bringing it.
	rereadAfter = time.Minute
	// leastLife is how long a session is used before another is fetched.
	leastLife = 10 * time.Second
	// fetchTimeout bounds one fetch; a metadata service that isn't there answers nothing.
	fetchTimeout = 10 * time.Second
	// firstRetry and longestRetry are between fetches that fail.
	firstRetry   = time.Second
	longestRetry = 5 * time.Minute
)

// A Keeper holds a session and renews it at half its life, when it is asked for
// it. While that fails, the session that is there stays in use until it ends,
// and another attempt is made after a time that doubles each time.
type Keeper struct {
	fetcher Fetcher
	log     *slog.Logger
	expiry  prometheus.Gauge

	turn chan struct{} // full while the fields below are in use

	session  Session
	rejected Session   // the last one that the cloud refused before its end
	renew    time.Time // when to fetch; zero is at once
	failures int       // in a row
	err      error     // of the last fetch, nil when it succeeded
}

// NewKeeper returns a keeper that has fetched nothing yet.
func NewKeeper(fetcher Fetcher, registerer prometheus.Registerer, log *slog.Logger) *Keeper {
	k := &Keeper{
		fetcher: fetcher, log: log, turn: make(chan struct{}, 1),
		expiry: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registry_failover_cloud_session_expiry_timestamp_seconds",
			Help: "When the session that cloud APIs are called with ends; 0 when there is none, or its end isn't known.",
		}),
	}
	registerer.MustRegister(k.expiry)
	return k
}

// Session returns a session that hasn't ended, or why there is none.
func (k *Keeper) Session(ctx context.Context) (Session, error) {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return Session{}, fmt.Errorf("could not get cloud credentials: %w", ctx.Err())
	}
	// The clock may be set forward, past the end, which doesn't bring the renewal
	// nearer; one that has failed since waits.
	if !time.Now().Before(k.renew) || k.err == nil && k.session.ended() {
		k.fetch(ctx)
	}
	reason := k.err
	if reason == nil {
		reason = context.Cause(ctx) // which has cut a fetch short
	}
	switch {
	case !k.session.complete(), k.err != nil && k.session.sameKeys(k.rejected):
		return Session{}, fmt.Errorf("could not get cloud credentials: %w", reason)
	case k.session.ended():
		return Session{}, fmt.Errorf("the cloud session has ended and could not be renewed: %w", reason)
	}
	return k.session, nil
}

// Reject says that the cloud refused a session before its end. Where it is the
// one in use, the next call of Session fetches at once; when that brings the
// same again, as from a Secret with a wrong key, it is fetched each minute.
func (k *Keeper) Reject(session Session) {
	k.turn <- struct{}{}
	defer func() { <-k.turn }()
	if k.session.sameKeys(session) && !k.rejected.sameKeys(session) {
		k.rejected = session
		k.renew = time.Time{}
	}
}

func (k *Keeper) fetch(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	session, err := k.fetcher.Fetch(within)
	if err == nil {
		err = check(session)
	}
	switch {
	case err != nil && ctx.Err() != nil: // the caller went away, which says nothing about whoever issues sessions
		return
	case err != nil:
		if k.err == nil || k.err.Error() != err.Error() {
			k.log.Warn("cloud credentials could not be renewed", "error", err, "kept", k.session.complete())
		}
		k.renew = time.Now().Add(backoff(firstRetry, longestRetry, k.failures))
		k.failures++
		k.err = err
		return
	}
	if k.err != nil {
		k.log.Info("cloud credentials are renewed again")
	}
	k.session, k.err, k.failures = session, nil, 0
	k.renew = time.Now().Add(renewAfter(session, k.rejected))
	k.expiry.Set(0)
	if !session.Expires.IsZero() {
		k.expiry.Set(float64(session.Expires.Unix()))
	}
}

// renewAfter is half of what is left of a session's life, with a tenth of
// jitter that keeps controllers apart which were started together.
func renewAfter(s, rejected Session) time.Duration {
	if s.Expires.IsZero() || s.sameKeys(rejected) {
		return rereadAfter
	}
	half := time.Until(s.Expires) / 2
	// The metadata service hands the same session out until shortly before its end.
	return min(max(leastLife, half-rand.N(half/10+1)), time.Until(s.Expires))
}

// check refuses what would make each call fail.
func check(s Session) error {
	if !s.complete() {
		return &Error{Service: "credentials", Action: "Fetch", Kind: Malformed, detail: "the session lacks its AccessKey"}
	}
	if s.ended() {
		return &Error{Service: "credentials", Action: "Fetch", Kind: ClockSkew, detail: "the new session has ended already"}
	}
	return nil
}
