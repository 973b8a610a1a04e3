package dnsclient

import "time"

const (
	// minFresh is how long an answer is kept at least: the shortest TTL that
	// PrivateZone has, and a bound on what we ask its servers.
	minFresh = 5 * time.Second
	// maxFresh bounds how late a change behind a long TTL is seen.
	maxFresh = 60 * time.Second

	firstRetry = 1 * time.Second
	maxRetry   = 30 * time.Second
)

// afterSuccess is how long to wait before the next lookup: the TTL within
// bounds, ± 10 %, so that nodes that started together drift apart. The random
// number is in [0, 1).
func afterSuccess(ttl time.Duration, random float64) time.Duration {
	wait := min(max(ttl, minFresh), maxFresh)
	return time.Duration(float64(wait) * (0.9 + 0.2*random))
}

// afterFailure is how long to wait after so many failures in a row: 1 s doubling
// to 30 s, of which the upper half is random in [0, 1), so that servers that
// come back aren't asked by all nodes at once.
func afterFailure(failures int, random float64) time.Duration {
	wait := maxRetry
	if doublings := failures - 1; doublings < 5 { // 1 s doubled five times is above maxRetry
		wait = firstRetry << doublings
	}
	return time.Duration(float64(wait) * (0.5 + 0.5*random))
}
