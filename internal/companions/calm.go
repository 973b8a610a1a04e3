package companions

import (
	"sync"
	"time"
)

const (
	// calmFirst and calmLast are how long companions are left alone that were put back,
	// doubled from one to the other while somebody takes them away again and again.
	calmFirst, calmLast = 250 * time.Millisecond, 5 * time.Minute
	// calmEnds is when that is over.
	calmEnds = 10 * time.Minute
)

// calm keeps the peace with others who delete or edit companions. Its zero value is ready for use.
type calm struct {
	mu    sync.Mutex
	until map[key]truce
}

type truce struct {
	end  time.Time
	last time.Duration
}

// wait is for how long the companions of an original are left alone.
func (c *calm) wait(of key, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.until[of].end.Sub(now)
}

// restored notes that something was put back.
func (c *calm) restored(of key, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.until == nil {
		c.until = map[key]truce{}
	}
	for k, t := range c.until {
		if now.Sub(t.end) > calmEnds {
			delete(c.until, k)
		}
	}
	next := calmFirst
	if t, ok := c.until[of]; ok {
		next = min(2*t.last, calmLast)
	}
	c.until[of] = truce{now.Add(next), next}
}
