package minter

import "time"

const (
	// soonest is between two tokens, however short they live.
	soonest = time.Minute
	// A token that can't be had is asked for again after firstRetry, which doubles with
	// each failure in a row, up to lastRetry: some 10 times in the quarter of an
	// hour that the shortest-lived token still has at half of its life.
	firstRetry, lastRetry = 5 * time.Second, 2 * time.Minute
	// A Secret that can't be written is tried again by the same rule.
	firstWrite, lastWrite = time.Second, time.Minute
	// look is between two looks at Secrets that were in order.
	look = 5 * time.Minute
)

// turn is when something is done next.
type turn struct {
	next     time.Time
	failures int // in a row
}

// due tells whether that is now.
func (t turn) due(now time.Time) bool { return !now.Before(t.next) }

// renew is the turn after a token that lives until expires: between 45 and 50
// percent of its life, where chance is from 0 to 1, so that clusters don't ask in step.
func renew(now, expires time.Time, chance float64) turn {
	half := time.Duration(float64(expires.Sub(now)) * (0.45 + 0.05*chance))
	return turn{next: now.Add(max(soonest, half))}
}

// again is the turn after a failure: the pause doubles from the first to the last,
// and chance takes up to half of it.
func (t turn) again(now time.Time, first, last time.Duration, chance float64) turn {
	pause := last
	if t.failures < 16 {
		pause = min(last, first<<t.failures)
	}
	return turn{next: now.Add(time.Duration(float64(pause) * (0.5 + 0.5*chance))), failures: t.failures + 1}
}
