package readiness

import "time"

const (
	// tagAgain is after how long a tag is looked up again that was as it should be. A tag
	// that moves with its pods is looked up at once: they run another digest then.
	tagAgain = 6 * time.Hour
	// digestAgain is the same of a digest, which can only be deleted.
	digestAgain = 24 * time.Hour
	// againAtFirst is after how long it is seen that what was wrong has been mended, and
	// doubles each time that it hasn't, up to againAtLast.
	againAtFirst = time.Minute
	againAtLast  = 2 * time.Hour
)

// again is how long an image isn't asked for. Tries is how often in a row it was not as
// it should be, and may become so by itself; chance is between 0 and 1, so that what was asked at once isn't for ever.
func again(pinned bool, tries int, chance float64) time.Duration {
	wait := tagAgain
	switch {
	case tries > 0:
		wait = againAtLast
		if n := tries - 1; n < 7 {
			wait = min(againAtFirst<<n, againAtLast)
		}
	case pinned:
		wait = digestAgain
	}
	return time.Duration(float64(wait) * (0.8 + 0.4*chance))
}
