package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/internal/cloudreader"
	"github.com/registry-failover/registry-failover/internal/configfile"
	"github.com/registry-failover/registry-failover/internal/diagnostics"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/internal/switchkeeper"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// runWithoutCluster keeps the switch and reads PrivateZone in a directory. All
// else that the program does is done on objects of a cluster.
func runWithoutCluster(ctx context.Context, o options, cfg *config.Config, file *configfile.File, registry *prometheus.Registry) error {
	if info, err := os.Stat(o.dir); err != nil || !info.IsDir() {
		return fmt.Errorf("--dir %s: it must be a directory that exists", o.dir)
	}
	if cfg.PrivateZone.WriteBack {
		return errors.New("privateZone.writeBack needs --kube, because its marks are signed with the cluster's id: take it out of the configuration")
	}
	if cfg.Failover.Mode == config.Automatic {
		o.log.Warn("failover.mode Automatic needs --kube, because nothing collects what probers find in a directory: the switch is left to people, and nobody ends it at its time")
	}
	dir := published.InDir(o.dir)
	pages, err := diagnostics.Listen(diagnostics.Options{Address: o.metrics, Registry: registry, Logger: o.log})
	if err != nil {
		return err
	}
	if pages.Addr() != "" {
		o.log.Info("listening", "proto", "http", "addr", pages.Addr())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return pages.Serve(ctx) })
	keeper := switchkeeper.NewFiles(dir, cfg.Zones(), registry, o.log)
	group.Go(func() error { return keeper.Run(ctx) })
	readAnew := func(*config.Config) {}
	if cfg.PrivateZone.Source == config.API {
		cloud := openCloud(cfg, o.cloud, registry, o.log)
		defer cloud.Close()
		reader := cloudreader.New(cloudreader.Options{Cloud: cloud, Store: dir, Metrics: registry, Log: o.log})
		reader.Configure(cfg)
		readAnew = reader.Configure
		group.Go(func() error { return reader.Start(ctx) })
	}
	group.Go(func() error {
		return file.Follow(ctx, func(c *config.Config) {
			keeper.Configure(ctx, c.Zones())
			readAnew(c)
			warnOfCloud(cfg, c, o.log)
		})
	})
	return group.Wait()
}
