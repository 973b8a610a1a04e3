package admission

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/filewatch"
)

// certificate is the pair tls.crt and tls.key in a directory, as a mounted
// Secret of type kubernetes.io/tls has it. A pair that can't be used never
// replaces one that can.
type certificate struct {
	dir     string
	current atomic.Pointer[tls.Certificate]
}

func (c *certificate) load() error {
	crt, key := filepath.Join(c.dir, "tls.crt"), filepath.Join(c.dir, "tls.key")
	pair, err := tls.LoadX509KeyPair(crt, key)
	if err != nil {
		// A Secret that is switched between the two files gives half of each; a second look sees the new one.
		pair, err = tls.LoadX509KeyPair(crt, key)
	}
	if err != nil {
		return fmt.Errorf("certificate in %s: %w: tls.crt and tls.key must be there, readable and a pair", c.dir, err)
	}
	c.current.Store(&pair)
	return nil
}

// get is for tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}

// expires is when the certificate ends, as a metric has it.
func (c *certificate) expires() float64 { return float64(c.current.Load().Leaf.NotAfter.Unix()) }

// register shows when the certificate ends, whoever made it: one that has ended
// stops nothing but the rewriting, which nobody else tells.
func (c *certificate) register(registerer prometheus.Registerer) error {
	return registerer.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "registry_failover_admission_certificate_expiry_timestamp_seconds",
		Help: "When the certificate that is served ends, in seconds since 1970.",
	}, c.expires))
}

// follow loads the pair again after each change until ctx ends.
func (c *certificate) follow(ctx context.Context, log *slog.Logger) error {
	reported := ""
	return filewatch.Watch(ctx, []string{c.dir}, func() {
		before := c.current.Load().Leaf
		if err := c.load(); err != nil {
			// Every look finds it again; the same is told once.
			if err.Error() != reported {
				log.Error("the certificate can't be used: the last good one is served", "error", err)
			}
			reported = err.Error()
			return
		}
		reported = ""
		if now := c.current.Load().Leaf; !now.Equal(before) {
			log.Info("a new certificate is served", "notAfter", now.NotAfter)
		}
	})
}
