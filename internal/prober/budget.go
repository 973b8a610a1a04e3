package prober

import (
	"context"
	"errors"
	"time"

	"golang.org/x/time/rate"

	"github.com/registry-failover/registry-failover/internal/health"
)

const (
	// perSecond is how many probes one prober begins at most: 50 instances over one
	// network each 5 seconds. With more each is probed less often.
	perSecond = 10
	// atOnce is how many may be under way.
	atOnce = 16
	// seldom is how often a token service and the canary are asked while they are well: a
	// token service is shared by a whole region, and nobody has promised how much it bears.
	seldom = 30 * time.Second
)

// A budget limits what a prober asks, whatever the configuration demands.
type budget struct {
	pace  *rate.Limiter
	slots chan struct{}
}

func newBudget() budget {
	return budget{rate.NewLimiter(perSecond, 1), make(chan struct{}, atOnce)}
}

// take waits for the turn of one probe; release must be called after it. It is
// false when ctx has ended.
func (b budget) take(ctx context.Context) (release func(), ok bool) {
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, false
	}
	if b.pace.Wait(ctx) != nil {
		<-b.slots
		return nil, false
	}
	return func() { <-b.slots }, true
}

// A cadence asks often while something is wrong, and seldom while it isn't.
type cadence struct {
	of   string
	last time.Time
	err  error
}

// ask asks when it is time to, or of something else than before, and else gives what it got last.
func (c *cadence) ask(now time.Time, of string, question func() error) error {
	wrong := c.err != nil && !errors.Is(c.err, health.ErrNeedsCredentials)
	if c.of != of || wrong || now.Sub(c.last) >= seldom {
		c.of, c.last, c.err = of, now, question()
	}
	return c.err
}
