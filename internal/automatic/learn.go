package automatic

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	// learnEvery is between two looks at what changes seldom.
	learnEvery = 30 * time.Second
	// lookupWithin ends a lookup.
	lookupWithin = 5 * time.Second
	// lookupsAtOnce bounds the lookups that wait for an answer.
	lookupsAtOnce = 8
)

// A Lookup gives a name's addresses, and the name that it is an alias of.
type Lookup func(ctx context.Context, name string) (zone.Records, time.Duration, error)

// learnt is what was looked up last. Nobody changes it.
type learnt struct {
	// zones are by endpoint: what DNS gives for it, which is PrivateZone's.
	zones map[string]looked
	// hosts are by name: where public endpoints are. What was known stays.
	hosts map[string]zone.Records
	// ready is by endpoint: what is published of the instances' images.
	ready map[string]images
}

type looked struct {
	records zone.Records
	at      time.Time
}

// learn looks again and again until ctx ends, beside the steps: no step waits for DNS.
func (c *Controller) learn(ctx context.Context) {
	for {
		c.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(float64(learnEvery) * (0.9 + 0.2*rand.Float64()))):
		}
	}
}

func (c *Controller) look(ctx context.Context) {
	before := c.learnt.Load()
	next := &learnt{zones: maps.Clone(before.zones), hosts: maps.Clone(before.hosts), ready: map[string]images{}}
	if next.zones == nil {
		next.zones, next.hosts = map[string]looked{}, map[string]zone.Records{}
	}
	var mu sync.Mutex
	var lookups errgroup.Group
	lookups.SetLimit(lookupsAtOnce)
	ask := func(name string, take func(zone.Records)) {
		lookups.Go(func() error {
			within, cancel := context.WithTimeout(ctx, lookupWithin)
			defer cancel()
			if records, _, err := c.Lookup(within, name); err == nil { // else what is known stays, and grows old
				mu.Lock()
				defer mu.Unlock()
				take(records)
			}
			return nil
		})
	}
	seen := c.inputs.Load()
	for _, e := range c.config.Load().Zones() {
		if c.PrivateZone.ReadAt == nil {
			ask(e.Name, func(r zone.Records) { next.zones[e.Name] = looked{r, time.Now()} })
		}
		var st zone.State
		if seen != nil {
			st, _ = c.PrivateZone.read(e, seen.State, before, time.Now())
		}
		for _, host := range e.Hosts(st) {
			ask(host, func(r zone.Records) { next.hosts[host] = r })
		}
		next.ready[e.Name] = before.ready[e.Name]
		if c.Ready != nil {
			continue
		}
		within, cancel := context.WithTimeout(ctx, patience)
		if stands, err := c.Store.Read(within, inputs.StatusName, e.Name); err == nil { // else it grows old
			next.ready[e.Name] = next.ready[e.Name].then(parseReadiness(stands.Text))
		}
		cancel()
	}
	_ = lookups.Wait() // none returns an error
	c.learnt.Store(next)
}
