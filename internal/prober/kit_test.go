package prober

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const shared = "cross-region.registry.io"

// example is the configuration of the manual procedure's example.
func example(t *testing.T, more string) *config.Config {
	t.Helper()
	text, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse([]byte(string(text) + "\n" + more))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A fakeNet is where nobody listens. It remembers when it was asked for what.
type fakeNet struct {
	mu    sync.Mutex
	dials map[string][]time.Time
	hangs bool
}

func (n *fakeNet) prober() health.Prober {
	return health.Prober{
		Resolve: func(_ context.Context, name string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("203.0.113.10")}, nil
		},
		Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
			n.mu.Lock()
			n.dials[address] = append(n.dials[address], time.Now())
			hangs := n.hangs
			n.mu.Unlock()
			if hangs {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return nil, &net.OpError{Op: "dial", Err: &os.SyscallError{Syscall: "connect", Err: os.NewSyscallError("connect", errRefused)}}
		},
	}
}

var errRefused = errorText("connection refused")

type errorText string

func (e errorText) Error() string { return string(e) }

func (n *fakeNet) times(address string) []time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]time.Time(nil), n.dials[address]...)
}

// start runs a prober in a synctest bubble until end is called.
func start(t *testing.T, n *fakeNet, c *config.Config) (p *Prober, end func()) {
	t.Helper()
	p = New(Options{Health: n.prober(), Version: "v0.1.0", Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	p.Configure(c)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	return p, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func levels(r healthreport.Report) map[string]healthreport.Level {
	found := map[string]healthreport.Level{}
	for _, i := range r.Instances {
		found[i.Target()] = i.Level
	}
	return found
}
