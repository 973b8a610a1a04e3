package registryread

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
)

// Options are what a Reader needs beside the way to the instance.
type Options struct {
	// Prober is how the instance is reached; its zero value reaches it as the system does.
	Prober health.Prober
	// ID is what the instance must call itself, cri-…, where it calls itself anything.
	ID string
	// Targets are the ways to it, the best first.
	Targets []health.Target
	// Pace is asked before each request, to the instance or to its token service. Nil lets
	// all pass at once.
	Pace func(context.Context) error
	// Refused are shared with other Readers of the instance; nil has ones of its own.
	Refused *Refusals
}

// A Reader asks one instance. It keeps connections and tokens for the next question, and
// may be used by several at once.
type Reader struct {
	registry  *registrylogin.Registry
	prober    health.Prober
	transport *http.Transport
	pace      func(context.Context) error
	tokens    tokens
	refused   *Refusals
}

// Open finds the instance at the first of its targets that a credential may be sent to. An
// error is the first one's.
func Open(ctx context.Context, o Options) (*Reader, error) {
	if o.Pace == nil {
		o.Pace = func(context.Context) error { return nil }
	}
	if o.Refused == nil {
		o.Refused = &Refusals{}
	}
	first := errors.New("no address of it is known")
	for n, t := range o.Targets {
		if err := o.Pace(ctx); err != nil {
			return nil, err
		}
		registry, err := registrylogin.Open(ctx, o.Prober, t)
		if err == nil && registry.ID() != "" && o.ID != "" && registry.ID() != o.ID {
			err = fmt.Errorf("it answers as %s, and not as %s", registry.ID(), o.ID)
		}
		if err == nil {
			transport := registry.Transport()
			transport.DisableKeepAlives, transport.IdleConnTimeout, transport.MaxIdleConnsPerHost = false, idle, 8
			return &Reader{registry: registry, prober: o.Prober, transport: transport, pace: o.Pace, refused: o.Refused}, nil
		}
		if n == 0 {
			first = err
		}
	}
	return nil, first
}

// idle is how long a connection waits for the next question: in a long pass there is
// always one, and at rest none is kept.
const idle = 10 * time.Second

// Close ends the connections that wait.
func (r *Reader) Close() { r.transport.CloseIdleConnections() }
