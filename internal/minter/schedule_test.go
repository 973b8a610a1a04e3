package minter

import (
	"testing"
	"time"
)

func TestATokenIsReplacedAtHalfOfItsLife(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		life   time.Duration
		chance float64
		want   time.Duration
	}{
		{time.Hour, 1, 30 * time.Minute},
		{time.Hour, 0, 27 * time.Minute},
		{30 * time.Minute, 1, 15 * time.Minute},
		{90 * time.Second, 1, time.Minute},
		{time.Second, 0.5, time.Minute},
	} {
		got := renew(now, now.Add(test.life), test.chance)
		if got.next.Sub(now) != test.want || got.failures != 0 {
			t.Errorf("of %v with %v: after %v, want %v", test.life, test.chance, got.next.Sub(now), test.want)
		}
	}
}

func TestPausesDoubleUpToTheLongest(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	var longest, shortest turn
	for i, want := range []string{"5s", "10s", "20s", "40s", "1m20s", "2m0s", "2m0s"} {
		longest, shortest = longest.again(now, firstRetry, lastRetry, 1), shortest.again(now, firstRetry, lastRetry, 0)
		if got := longest.next.Sub(now); got.String() != want {
			t.Errorf("pause %d is %v, want %s", i, got, want)
		}
		if got := 2 * shortest.next.Sub(now); got.String() != want {
			t.Errorf("twice the shortest pause %d is %v, want %s", i, got, want)
		}
	}
	if got := (turn{failures: 1000}).again(now, firstRetry, lastRetry, 1).next.Sub(now); got != lastRetry {
		t.Errorf("after very many the pause is %v", got)
	}
}

func TestATurnIsDueFromItsTimeOn(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		in   time.Duration
		want bool
	}{{-1, true}, {0, true}, {1, false}} {
		if got := (turn{next: now.Add(test.in)}).due(now); got != test.want {
			t.Errorf("in %v: %t", test.in, got)
		}
	}
	if !(turn{}).due(now) {
		t.Error("the first turn isn't due at once")
	}
}
