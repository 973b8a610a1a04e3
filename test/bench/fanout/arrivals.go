package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// patience is how long a value may take to reach all nodes before the measurement fails.
const patience = 2 * time.Minute

// arrivals notes when a value has reached each node.
type arrivals struct {
	mu   sync.Mutex
	want string
	at   []time.Time
	left int
	all  chan struct{}
}

// expect says which value counts from now on.
func (a *arrivals) expect(value string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.want, a.left, a.all = value, len(a.at), make(chan struct{})
	clear(a.at)
}

// saw notes that a node has a value now.
func (a *arrivals) saw(node int, value string) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if value != a.want || !a.at[node].IsZero() {
		return
	}
	a.at[node] = now
	if a.left--; a.left == 0 {
		close(a.all)
	}
}

// await returns when each node had the value, sorted.
func (a *arrivals) await(ctx context.Context) ([]time.Time, error) {
	select {
	case <-a.all:
		a.mu.Lock()
		defer a.mu.Unlock()
		return slices.SortedFunc(slices.Values(a.at), time.Time.Compare), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(patience):
		a.mu.Lock()
		defer a.mu.Unlock()
		return nil, fmt.Errorf("%d nodes never had the value in %v", a.left, patience)
	}
}
