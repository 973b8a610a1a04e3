package prober

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/registry-failover/registry-failover/internal/health"
)

// TestWhenCertificatesEndIsTold also of an instance that then says nothing.
func TestWhenCertificatesEndIsTold(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	server.Close()
	certificate := server.TLS.Certificates[0]
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		p := New(Options{
			Health: health.Prober{
				Resolve: func(context.Context, string) ([]netip.Addr, error) {
					return []netip.Addr{netip.MustParseAddr("203.0.113.10")}, nil
				},
				Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
					if address != hangzhou {
						return nil, errRefused
					}
					near, far := net.Pipe()
					go func() {
						defer far.Close()
						_ = tls.Server(far, &tls.Config{Certificates: []tls.Certificate{certificate}}).HandshakeContext(context.WithoutCancel(ctx)) //nolint:gosec // no more is asked of it
					}()
					return near, nil
				},
			},
			Version: "v0.1.0", Metrics: registry, Log: slog.New(slog.DiscardHandler),
		})
		p.Configure(example(t, ""))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		const want = `
# HELP registry_failover_probe_certificate_expiry_timestamp_seconds When the certificate that the instance has last shown for the shared endpoint can't be used any more, or one above it.
# TYPE registry_failover_probe_certificate_expiry_timestamp_seconds gauge
registry_failover_probe_certificate_expiry_timestamp_seconds{endpoint="cross-region.registry.io",instance="hangzhou",network="internal"} 3.6e+09
`
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "registry_failover_probe_certificate_expiry_timestamp_seconds"); err != nil {
			t.Error(err)
		}
		p.Configure(example(t, "health: {interval: 1h}")) // which begins anew
		synctest.Wait()
		if n, err := testutil.GatherAndCount(registry, "registry_failover_probe_certificate_expiry_timestamp_seconds"); n != 0 || err != nil {
			t.Errorf("after a change of the configuration %d are told: %v", n, err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
