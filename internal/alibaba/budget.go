package alibaba

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// CallsPerMinute is the budget of one client, beside the burst: enough to read
	// 10 endpoints of two zones each, 4 calls, more than once a minute.
	CallsPerMinute = 100
	// burst is what may be called at once after a minute of silence.
	burst = 20

	firstPause   = time.Second
	longestPause = 2 * time.Minute
)

// A budget holds calls back: to so many a minute, and after throttling for a
// time that doubles each time, until a call succeeds.
type budget struct {
	limiter *rate.Limiter

	mu      sync.Mutex
	pauses  int // in a row
	resumes time.Time
}

func newBudget() *budget {
	return &budget{limiter: rate.NewLimiter(rate.Limit(CallsPerMinute)/60, burst)}
}

// wait returns when a call may be made, or with the context's error at once
// when it would end before. It tells how long it waited.
func (b *budget) wait(ctx context.Context) (time.Duration, error) {
	begun := time.Now()
	b.mu.Lock()
	pause := time.Until(b.resumes)
	b.mu.Unlock()
	if err := sleep(ctx, pause); err != nil {
		return time.Since(begun), err
	}
	err := b.limiter.Wait(ctx)
	return time.Since(begun), err
}

// throttled makes all calls wait. The jitter keeps clusters that were throttled
// together from coming back together.
func (b *budget) throttled() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.resumes = time.Now().Add(backoff(firstPause, longestPause, b.pauses))
	b.pauses++
}

func (b *budget) succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pauses = 0
}

// backoff doubles with each failure before, up to the longest, and takes a
// random part of that between a half and the whole.
func backoff(first, longest time.Duration, failures int) time.Duration {
	d := longest
	if failures < 16 {
		d = min(longest, first<<failures)
	}
	return d/2 + rand.N(d/2+1)
}

// sleep returns the context's error at once when it ends before.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
