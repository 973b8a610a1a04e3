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
	// token service is shared by a whole region, and nobody has promised how much it bears. With the
	// default interval it is every second probe, whatever the jitter, so that three failures
	// in a row are there soon enough for a failover within half a minute.
	seldom = 9 * time.Second
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

// A cadence asks seldom once something has been well as many times in a row as make an
// instance healthy, and else each time: an answer counts for several probes only then.
type cadence struct {
	of   string
	last time.Time
	well int // how many answers in a row
	err  error
}

// ask asks when it is time to, or of something else than before, and else gives what it got last.
func (c *cadence) ask(now time.Time, of string, successes int, question func() error) error {
	if c.of != of {
		*c = cadence{of: of}
	}
	if c.well >= successes && now.Sub(c.last) < seldom {
		return c.err
	}
	c.last, c.err = now, question()
	c.well++
	if c.err != nil && !errors.Is(c.err, health.ErrNeedsCredentials) {
		c.well = 0
	}
	return c.err
}
