package alibaba

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// issuer makes sessions of an hour, or fails with err.
type issuer struct {
	err     error
	fetches int
}

func (i *issuer) Fetch(context.Context) (Session, error) {
	i.fetches++
	if i.err != nil {
		return Session{}, i.err
	}
	return Session{accessKeyID: "STS.id", key: newSecret("k"), token: newSecret(strings.Repeat("t", i.fetches)), Expires: time.Now().Add(time.Hour)}, nil
}

func newKeeper(f Fetcher) (*Keeper, *bytes.Buffer) {
	var logs bytes.Buffer
	return NewKeeper(f, prometheus.NewRegistry(), slog.New(slog.NewTextHandler(&logs, nil))), &logs
}

func TestASessionIsRenewedAtHalfItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &issuer{}
		k, _ := newKeeper(source)
		for begun := time.Now(); time.Since(begun) < 10*time.Hour; time.Sleep(10 * time.Second) {
			s, err := k.Session(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if left := time.Until(s.Expires); left < 29*time.Minute {
				t.Fatalf("the session has %s left", left)
			}
		}
		if source.fetches < 20 || source.fetches > 23 {
			t.Errorf("fetched %d times in 10 h", source.fetches)
		}
	})
}

func TestTheOldSessionStaysUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &issuer{}
		k, logs := newKeeper(source)
		first, err := k.Session(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		source.err = errors.New("STS is away")
		for ; time.Until(first.Expires) > 0; time.Sleep(time.Second) {
			if s, err := k.Session(t.Context()); err != nil || !s.sameKeys(first) {
				t.Fatalf("%s before its end: %v", time.Until(first.Expires), err)
			}
		}
		if _, err := k.Session(t.Context()); err == nil || !strings.Contains(err.Error(), "the cloud session has ended and could not be renewed: STS is away") {
			t.Errorf("after its end: %v", err)
		}
		if source.fetches > 20 {
			t.Errorf("fetched %d times in half an hour", source.fetches)
		}
		if n := strings.Count(logs.String(), "\n"); n != 1 {
			t.Errorf("%d lines are logged for one reason:\n%s", n, logs)
		}
		source.err = nil
		time.Sleep(longestRetry)
		if s, err := k.Session(t.Context()); err != nil || time.Until(s.Expires) != time.Hour {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestNoSessionWithoutAFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &issuer{err: errors.New("no role")}
		k, _ := newKeeper(source)
		for range 10 {
			if _, err := k.Session(t.Context()); err == nil || err.Error() != "could not get cloud credentials: no role" {
				t.Fatalf("got %v", err)
			}
		}
		if source.fetches != 1 {
			t.Errorf("fetched %d times at once", source.fetches)
		}
	})
}

func TestASessionThatEndsSoonIsNoReasonToHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// As the metadata service does it: the same session until 5 minutes before its end.
		end := time.Now().Add(6 * time.Hour)
		fetches := 0
		k, _ := newKeeper(fetcher(func() (Session, error) {
			fetches++
			if time.Until(end) < 5*time.Minute {
				end = end.Add(6 * time.Hour)
			}
			return Session{accessKeyID: "STS.id", key: newSecret("k"), token: newSecret(end.String()), Expires: end}, nil
		}))
		for begun := time.Now(); time.Since(begun) < 24*time.Hour; time.Sleep(time.Second) {
			if s, err := k.Session(t.Context()); err != nil || time.Until(s.Expires) <= 0 {
				t.Fatalf("got %v, %v", s.Expires, err)
			}
		}
		if fetches > 40 {
			t.Errorf("fetched %d times in a day", fetches)
		}
	})
}

type fetcher func() (Session, error)

func (f fetcher) Fetch(context.Context) (Session, error) { return f() }

func TestASessionThatIsNoneIsRefused(t *testing.T) {
	for want, s := range map[string]Session{
		"lacks its AccessKey":               {Expires: time.Now().Add(time.Hour)},
		"the new session has ended already": {accessKeyID: "i", key: newSecret("k"), token: newSecret("t"), Expires: time.Now().Add(-time.Second)},
	} {
		k, _ := newKeeper(static(s))
		if _, err := k.Session(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestExpiredMidway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := twoRegions(t)
		w := newWorld(t, data, nil)
		w.keeper.fetcher = rrsa(t, w, data.Roles[0].OIDCToken)
		if _, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); err != nil {
			t.Fatal(err)
		}
		w.ExpireSessions()
		if zones, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); err != nil || len(zones) != 2 {
			t.Errorf("with a new session: %v, %v", zones, err)
		}
		w.ExpireSessions()
		w.Inject(cloud.Fault{Action: "AssumeRoleWithOIDC", Code: "InternalError", Status: 500})
		// The reason is that there is no new session, not that the old one is refused.
		if _, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); err == nil || !strings.Contains(err.Error(), "sts AssumeRoleWithOIDC failed: InternalError") {
			t.Errorf("got %v", err)
		}
		w.Heal()
		time.Sleep(longestRetry)
		if _, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestAWrongKeyThatIsCorrected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := static{accessKeyID: keyID, key: newSecret("wrong")}
		fetches := 0
		w := newWorld(t, twoRegions(t), fetcher(func() (Session, error) { fetches++; return Session(key), nil }))
		for range 30 {
			_, err := w.client.ReadZones(t.Context(), "z.test")
			if KindOf(err) != Unauthenticated || !strings.Contains(err.Error(), "SignatureDoesNotMatch") {
				t.Fatalf("got %v", err)
			}
			time.Sleep(time.Second)
		}
		if fetches != 2 { // the first, and once more when it was refused
			t.Errorf("fetched %d times in half a minute", fetches)
		}
		key = validKey
		time.Sleep(rereadAfter)
		if _, err := w.client.ReadZones(t.Context(), "z.test"); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestAnExpiredTokenThatIsReplaced has a session from a Secret end, which whoever has
// made it replaces an hour later.
func TestAnExpiredTokenThatIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := twoRegions(t)
		w := newWorld(t, data, nil)
		first, err := rrsa(t, w, data.Roles[0].OIDCToken).Fetch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		secret := first
		secret.Expires = time.Time{} // a Secret doesn't tell
		w.keeper.fetcher = fetcher(func() (Session, error) { return secret, nil })
		if _, err := w.client.ReadZones(t.Context(), "z.test"); err != nil {
			t.Fatal(err)
		}
		w.ExpireSessions()
		before := len(w.Calls())
		const readings = 120
		for range readings {
			if _, err := w.client.ReadZones(t.Context(), "z.test"); KindOf(err) != Expired || !strings.Contains(err.Error(), "InvalidSecurityToken.Expired") {
				t.Fatalf("got %v", err)
			}
			time.Sleep(30 * time.Second)
		}
		if n := len(w.Calls()) - before; n != readings {
			t.Errorf("%d calls for %d readings", n, readings)
		}
		if secret, err = rrsa(t, w, data.Roles[0].OIDCToken).Fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		secret.Expires = time.Time{}
		time.Sleep(rereadAfter)
		if _, err := w.client.ReadZones(t.Context(), "z.test"); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestAClockThatIsWrong(t *testing.T) {
	w := newWorld(t, twoRegions(t), validKey)
	w.SetSkew(16 * time.Minute)
	if _, err := w.client.ReadZones(t.Context(), "z.test"); KindOf(err) != ClockSkew {
		t.Errorf("got %v", err)
	}
	w.SetSkew(-14 * time.Minute)
	if _, err := w.client.ReadZones(t.Context(), "z.test"); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestASessionThatEndsByTheClock has the clock set forward, as NTP does: what
// measures time in the program doesn't notice, so the end comes before the renewal.
func TestASessionThatEndsByTheClock(t *testing.T) {
	source := &issuer{}
	k, _ := newKeeper(source)
	if _, err := k.Session(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.session.Expires = time.Now().Add(-time.Second)
	if s, err := k.Session(t.Context()); err != nil || time.Until(s.Expires) < 59*time.Minute {
		t.Errorf("got a session that ends at %s, %v", s.Expires, err)
	}
	k.session.Expires, source.err = time.Now().Add(-time.Second), errors.New("STS is away")
	for range 10 {
		if _, err := k.Session(t.Context()); err == nil || !strings.Contains(err.Error(), "could not be renewed: STS is away") {
			t.Errorf("got %v", err)
		}
	}
	if source.fetches != 3 {
		t.Errorf("fetched %d times", source.fetches)
	}
}
