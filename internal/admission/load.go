package admission

import (
	"context"
	"errors"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// maxLoad is how many bytes of bodies are in work at once. Reading and
	// decoding takes a small multiple of that.
	maxLoad = 32 << 20
	// smallBody is a length up to which a request needs no share: almost all
	// pods are that small, and must not wait behind large ones.
	smallBody = 64 << 10
	// maxWait leaves half of the 2 s that the API server waits.
	maxWait = time.Second
)

var errBusy = errors.New("too many large requests at once: this one is not read")

// load bounds the memory that large requests take together.
type load struct{ shares *semaphore.Weighted }

func newLoad() load { return load{semaphore.NewWeighted(maxLoad)} }

// take waits for the request's share, and returns what gives it back.
func (l load) take(r *http.Request) (release func(), err error) {
	share := r.ContentLength
	switch {
	case share >= 0 && share <= smallBody:
		return func() {}, nil
	case share < 0 || share > MaxBodyBytes: // unknown, or read only up to there
		share = MaxBodyBytes
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxWait)
	defer cancel()
	if err := l.shares.Acquire(ctx, share); err != nil {
		return nil, errBusy
	}
	return func() { l.shares.Release(share) }, nil
}
