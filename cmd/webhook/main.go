// Command webhook rewrites the image references of pods at admission.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/internal/admission"
	"github.com/registry-failover/registry-failover/internal/configfile"
	"github.com/registry-failover/registry-failover/internal/diagnostics"
	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/internal/secretindex"
	"github.com/registry-failover/registry-failover/pkg/config"
)

type options struct {
	config, certDir, pullSecrets, listen, metrics, logFormat string
}

func main() {
	var o options
	flag.StringVar(&o.config, "config", "", "the configuration `FILE` (required)")
	flag.StringVar(&o.certDir, "cert-dir", "", "the `DIR` that holds tls.crt and tls.key; both are read again when they change (required)")
	flag.StringVar(&o.pullSecrets, "pull-secrets", "", "the `DIR` with the index of pull secrets, one file for each namespace, which may come later; read again when it changes; empty for none")
	flag.StringVar(&o.listen, "listen", ":9443", "the `ADDR` for AdmissionReviews over HTTPS")
	flag.StringVar(&o.metrics, "metrics", ":8080", "the `ADDR` for /metrics, /healthz and /readyz; empty for none")
	flag.StringVar(&o.logFormat, "log-format", "text", "text or json")
	flag.Parse()
	log, err := diagnostics.NewLogger(os.Stderr, o.logFormat)
	switch {
	case err != nil:
	case flag.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q: all arguments are flags, see --help", flag.Arg(0))
	case o.config == "":
		err = fmt.Errorf("--config is missing: name the configuration file")
	case o.listen == "":
		err = fmt.Errorf("--listen is empty: write host:port, or :0 for a free port")
	case o.certDir == "":
		err = fmt.Errorf("--cert-dir is missing: name the directory with tls.crt and tls.key")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "webhook:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, log); err != nil {
		fmt.Fprintln(os.Stderr, "webhook:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, log *slog.Logger) error {
	registry := prometheus.NewRegistry()
	file := configfile.New(o.config, lastgood.Open(""), registry, log)
	cfg, err := file.Load()
	if err != nil {
		return err
	}
	handler := admission.NewHandler(registry, log)
	if err := handler.Configure(cfg); err != nil {
		return err
	}
	var index *secretindex.Dir
	if o.pullSecrets != "" {
		index = secretindex.New(o.pullSecrets, registry, log)
		if known, changed := index.Read(); changed {
			handler.KnowPullSecrets(known)
		}
	}
	server := &admission.Server{Address: o.listen, CertDir: o.certDir, Handler: handler.Routes(), Metrics: registry, Log: log}
	if err := server.Listen(); err != nil {
		return err
	}
	pages, err := diagnostics.Listen(diagnostics.Options{Address: o.metrics, Registry: registry, Logger: log})
	if err != nil {
		return err
	}
	log.Info("listening", "proto", "https", "addr", server.Addr())
	if pages.Addr() != "" {
		log.Info("listening", "proto", "http", "addr", pages.Addr())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return file.Follow(ctx, func(c *config.Config) {
			if err := handler.Configure(c); err != nil {
				log.Error("the configuration can't be used: the last good one stays in force", "error", err)
			}
		})
	})
	if index != nil {
		group.Go(func() error { return index.Follow(ctx, handler.KnowPullSecrets) })
	}
	group.Go(func() error { return server.Serve(ctx) })
	group.Go(func() error { return pages.Serve(ctx) })
	return group.Wait()
}
