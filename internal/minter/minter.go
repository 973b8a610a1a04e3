package minter

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// patience ends the attempts at one token: another instance's may be had meanwhile.
const patience = time.Minute

// Cloud makes tokens: an *alibaba.Client.
type Cloud interface {
	ReadToken(ctx context.Context, id, region string) (alibaba.Token, error)
}

// Secrets holds the product's own pull secrets: an *ownedsecrets.Writer.
type Secrets interface {
	Put(ctx context.Context, s ownedsecrets.Secret) (ownedsecrets.Written, error)
	Read(ctx context.Context, namespace, name string) (*corev1.Secret, error)
	Delete(ctx context.Context, namespace, name string, uid types.UID, version string) error
}

// Options are what a Minter needs; all are required.
type Options struct {
	Cloud   Cloud
	Secrets Secrets
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// Minter keeps the Secrets of the configuration. controller-runtime runs it while
// the replica leads.
type Minter struct {
	Options
	metrics metrics
	config  atomic.Pointer[config.Config]
	changed chan struct{}

	// Of Start alone:
	inForce    *config.Config
	tokens     []*token // in the configuration's order
	namespaces []string
	failures   map[string]string // by what fails: the error that the log has last told
}

// New makes a Minter. It must be configured before it starts.
func New(o Options) *Minter {
	return &Minter{Options: o, metrics: newMetrics(o.Metrics), changed: make(chan struct{}, 1), failures: map[string]string{}}
}

// Configure puts a valid configuration into force.
func (m *Minter) Configure(c *config.Config) {
	m.config.Store(c)
	select {
	case m.changed <- struct{}{}:
	default: // it will be
	}
}

// NeedLeaderElection is asked by controller-runtime.
func (m *Minter) NeedLeaderElection() bool { return true }

// Start mints until ctx ends.
func (m *Minter) Start(ctx context.Context) error {
	defer m.metrics.clear()
	for {
		select {
		case <-m.changed: // what follows goes by it
		default:
		}
		if c := m.config.Load(); c != m.inForce {
			m.begin(ctx, c)
		}
		for _, t := range m.tokens {
			m.serve(ctx, t)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-m.changed:
		case <-time.After(time.Until(m.next())):
		}
	}
}

// next is when something has to be done.
func (m *Minter) next() time.Time {
	next := time.Now().Add(look)
	for _, t := range m.tokens {
		if t.mint.next.Before(next) {
			next = t.mint.next
		}
		if t.minted != nil && t.write.next.Before(next) {
			next = t.write.next
		}
	}
	return next
}

// chance is from 0 to 1.
func chance() float64 { return rand.Float64() }

// tell logs a failure where it is another than the last of the same thing, and
// that it is over.
func (m *Minter) tell(ctx context.Context, what string, err error, arguments ...any) {
	switch {
	case err == nil && m.failures[what] != "":
		delete(m.failures, what)
		m.Log.Info("tokens for pull secrets are minted and written again", arguments...)
	case err != nil && ctx.Err() == nil && m.failures[what] != err.Error():
		m.failures[what] = err.Error()
		m.Log.Warn("a token for pull secrets can't be minted or written: the one before stays", append(arguments, "error", err)...)
	}
}
