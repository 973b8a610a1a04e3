package dnsclient

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Result is the outcome of one lookup: Records or Err.
type Result struct {
	Name    string
	Records zone.Records
	Err     error
}

// Refresher keeps a changing set of names fresh in the background.
type Refresher struct {
	lookup func(context.Context, string) (zone.Records, time.Duration, error)
	notify func(Result)

	turn chan struct{} // full while notify runs

	mu    sync.Mutex
	names map[string]context.CancelFunc // nil until its keeper runs
	start func(name string) context.CancelFunc
}

// NewRefresher returns a refresher that does nothing before Run. It calls notify
// after every lookup, also when nothing changed, and never twice at once. Notify
// must return: a slow one delays the next delivery and the end of Run.
func NewRefresher(lookup func(context.Context, string) (zone.Records, time.Duration, error), notify func(Result)) *Refresher {
	return &Refresher{lookup: lookup, notify: notify, turn: make(chan struct{}, 1), names: map[string]context.CancelFunc{}}
}

// SetNames replaces the set. New names are looked up at once; of those that are
// gone no further result is delivered. A delivery that is under way isn't waited
// for, so that notify itself may call SetNames.
func (r *Refresher) SetNames(names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted := make(map[string]bool, len(names))
	for _, name := range names {
		wanted[name] = true
		if _, known := r.names[name]; !known {
			r.names[name] = r.begin(name)
		}
	}
	for name, end := range r.names {
		if wanted[name] {
			continue
		}
		if end != nil {
			end()
		}
		delete(r.names, name)
	}
}

// begin starts a name's keeper if Run is running. It is called with mu held.
func (r *Refresher) begin(name string) context.CancelFunc {
	if r.start == nil {
		return nil
	}
	return r.start(name)
}

// Run looks names up until ctx ends, waits for the lookups under way and
// returns nil. A refresher runs once.
func (r *Refresher) Run(ctx context.Context) error {
	var keepers sync.WaitGroup
	r.mu.Lock()
	r.start = func(name string) context.CancelFunc {
		until, end := context.WithCancel(ctx)
		keepers.Go(func() { r.keep(until, name) })
		return end
	}
	for name := range r.names {
		r.names[name] = r.start(name)
	}
	r.mu.Unlock()

	<-ctx.Done()
	r.mu.Lock()
	r.start = nil // SetNames starts nothing from now on
	for _, end := range r.names {
		if end != nil {
			end()
		}
	}
	r.mu.Unlock()
	keepers.Wait()
	return nil
}

// keep looks one name up again and again.
func (r *Refresher) keep(ctx context.Context, name string) {
	failures := 0
	for {
		records, ttl, err := r.lookup(ctx, name)
		var wait time.Duration
		if err != nil {
			failures++
			wait = afterFailure(failures, rand.Float64())
		} else {
			failures = 0
			wait = afterSuccess(ttl, rand.Float64())
		}
		r.deliver(ctx, Result{Name: name, Records: records, Err: err})
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// deliver drops the result when its name is gone, which may have happened
// during the lookup or while another delivery was under way.
func (r *Refresher) deliver(ctx context.Context, result Result) {
	select {
	case <-ctx.Done():
		return
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	}
	if ctx.Err() == nil { // select chooses at random when both are ready
		r.notify(result)
	}
}
