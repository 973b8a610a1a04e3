package admission

import (
	"sync"
	"time"
)

// throttle lets one line a second into the log, so that nobody who can send
// requests can fill a disk.
type throttle struct {
	mu      sync.Mutex
	next    time.Time
	skipped int
}

// allow says whether to write, and how many lines before were not written.
func (t *throttle) allow() (skipped int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Before(t.next) {
		t.skipped++
		return 0, false
	}
	skipped, t.skipped, t.next = t.skipped, 0, now.Add(time.Second)
	return skipped, true
}
