package registrylogin

import (
	"context"
	"errors"
	"time"

	"github.com/registry-failover/registry-failover/internal/health"
)

// patience is how long one address of an instance is waited for.
const patience = 5 * time.Second

// A Registry is an instance that has answered, and has shown who it is.
type Registry struct {
	prober health.Prober
	target health.Target
	answer *health.Answer
	// latency is that of finding it.
	latency health.Latency
}

// Open asks the targets, which are the ways to one instance, in turn, and returns the
// first to which a credential can be sent. An error is the first one's.
func Open(ctx context.Context, p health.Prober, targets ...health.Target) (*Registry, error) {
	var first error
	for _, t := range targets {
		r, err := open(ctx, p, t)
		if err == nil {
			return r, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = errors.New("no address is known")
	}
	return nil, first
}

func open(ctx context.Context, p health.Prober, t health.Target) (*Registry, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := p.Probe(ctx, t)
	switch {
	case found.Certificate != nil && len(found.Certificate.Problems) > 0:
		return nil, &unsafeError{found.Certificate.Problems[0]}
	case found.Err != nil:
		return nil, found.Err
	case found.Answer.RealmErr != nil:
		return nil, found.Answer.RealmErr
	}
	t.Addrs = found.Addrs
	return &Registry{p, t, found.Answer, found.Latency}, nil
}

type unsafeError struct{ err error }

func (e *unsafeError) Error() string {
	return "its certificate is wrong, so that nothing is sent to it: " + e.err.Error()
}

func (e *unsafeError) Unwrap() error { return e.err }

// IsOpen tells whether it wants no credential of anybody: then Try sends none.
func (r *Registry) IsOpen() bool { return r.answer.Status == 200 }
