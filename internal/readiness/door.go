package readiness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/registryread"
)

const (
	// requestsPerSecond go to one instance and its token service together, so that an
	// image, which needs a token of its own as a rule, costs a tenth of a second.
	requestsPerSecond = 20
	// reopen is after how long it is seen anew where the instance is and who it is.
	reopen = 5 * time.Minute
	// silences in a row, and an instance isn't asked for a while: at first for
	// silentAtFirst, then twice as long each time, up to silentAtLast.
	silences      = 3
	silentAtFirst = 30 * time.Second
	silentAtLast  = 10 * time.Minute
)

// A door is the way to one instance, which is shut while the instance is silent.
type door struct {
	prober health.Prober
	id     string
	// ways gives the targets, the best first.
	ways func(context.Context) []health.Target
	pace *rate.Limiter
	// refused outlives the reader, which is another one every few minutes.
	refused registryread.Refusals

	opening chan struct{}

	mutex    sync.Mutex
	reader   *registryread.Reader
	opened   time.Time
	failures int
	shut     time.Time // until then nobody asks
	wait     time.Duration
	err      error
}

func newDoor(p health.Prober, id string, ways func(context.Context) []health.Target) *door {
	return &door{prober: p, id: id, ways: ways, opening: make(chan struct{}, 1), pace: rate.NewLimiter(requestsPerSecond, 4)}
}

// enter gives who is to be asked, or tells how long to wait with it. One at a time opens.
func (d *door) enter(ctx context.Context) (*registryread.Reader, time.Duration) {
	if reader, wait := d.look(); reader != nil || wait > 0 {
		return reader, wait
	}
	select {
	case d.opening <- struct{}{}:
		defer func() { <-d.opening }()
	case <-ctx.Done():
		return nil, time.Second
	}
	if reader, wait := d.look(); reader != nil || wait > 0 {
		return reader, wait
	}
	reader, err := registryread.Open(ctx, registryread.Options{Prober: d.prober, ID: d.id, Targets: d.ways(ctx), Pace: d.pace.Wait, Refused: &d.refused})
	d.mutex.Lock()
	defer d.mutex.Unlock()
	switch {
	case ctx.Err() != nil:
		if err == nil {
			reader.Close()
		}
		return nil, time.Second
	case err != nil:
		d.close(err, 0)
		return nil, time.Until(d.shut)
	}
	if d.reader != nil {
		d.reader.Close()
	}
	d.reader, d.opened = reader, time.Now()
	return reader, 0
}

// look gives the reader where there is one, and how long nobody is to ask. Without either
// the door is to be opened.
func (d *door) look() (*registryread.Reader, time.Duration) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	now := time.Now()
	if wait := d.shut.Sub(now); wait > 0 {
		return nil, wait
	}
	if d.reader != nil && now.Sub(d.opened) < reopen {
		return d.reader, 0
	}
	return nil, 0
}

// close shuts the door for a while, or for as long as the instance wants. The mutex is held.
func (d *door) close(err error, asked time.Duration) {
	d.wait = min(max(2*d.wait, silentAtFirst), silentAtLast)
	d.shut = time.Now().Add(max(asked, time.Duration(float64(d.wait)*(0.8+0.4*rand.Float64()))))
	d.err, d.failures = err, 0
	if d.reader != nil {
		d.reader.Close()
		d.reader = nil
	}
}

// leave notes how the question went.
func (d *door) leave(err error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if err == nil {
		d.failures, d.wait, d.err = 0, 0, nil
		return
	}
	if busy, is := errors.AsType[*registryread.BusyError](err); is && time.Now().After(d.shut) {
		d.close(err, busy.After)
		return
	}
	if d.failures++; d.failures >= silences && time.Now().After(d.shut) {
		d.close(err, 0)
	}
}

// silent tells why nobody asks now; it is empty while somebody may.
func (d *door) silent() string {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.err == nil {
		return ""
	}
	return fmt.Sprint(d.err)
}

// end closes the connections that wait.
func (d *door) end() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.reader != nil {
		d.reader.Close()
		d.reader = nil
	}
}
