// Command controller keeps the switch and its record, issues the webhook's
// certificate, reads PrivateZone and ACR from the cloud's API and writes PrivateZone's
// record where it is told to, keeps companions of pull secrets and mints others, counts the pods that still name a source host and those that wait for an image, removes the reports of nodes that
// are no more, takes a taint off those that have joined, publishes what the probers
// report together, looks up on every instance the images that workloads name, and in automatic mode throws the switch. The subcommand probe is such a prober. Three subcommands are
// Helm's hooks: one before an installation or upgrade, two of an uninstallation.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/registry-failover/registry-failover/internal/certificate"
	"github.com/registry-failover/registry-failover/internal/configfile"
	"github.com/registry-failover/registry-failover/internal/diagnostics"
	"github.com/registry-failover/registry-failover/internal/drillkeeper"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/internal/readiness"
	"github.com/registry-failover/registry-failover/internal/startuptaint"
	"github.com/registry-failover/registry-failover/internal/stragglers"
	"github.com/registry-failover/registry-failover/internal/switchkeeper"
	"github.com/registry-failover/registry-failover/pkg/config"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "uninstall":
			os.Exit(uninstall(os.Args[2:]))
		case "cleanup":
			os.Exit(cleanup(os.Args[2:]))
		case "precheck":
			os.Exit(runPrecheck(os.Args[2:]))
		case "probe":
			os.Exit(runProbe(os.Args[2:]))
		}
	}
	diagnostics.CollectSooner(30) // beside thousands of Secrets and pods, of which it keeps a little each
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "controller:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "controller:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	registry := prometheus.NewRegistry()
	file := configfile.New(o.config, lastgood.Open(""), registry, o.log)
	cfg, err := file.Load()
	if err != nil {
		return err
	}
	if o.dir != "" {
		return runWithoutCluster(ctx, o, cfg, file, registry)
	}
	cluster, err := inputs.RESTConfig()
	if err != nil {
		return err
	}
	mgr, err := newManager(cluster, o)
	if err != nil {
		return err
	}
	direct, err := client.New(mgr.GetConfig(), client.Options{HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return err
	}

	keeper := switchkeeper.New(switchkeeper.Options{
		Client: direct, Namespace: o.namespace, Endpoints: cfg.Zones(),
		Metrics: registry, Events: mgr.GetEventRecorder("registry-failover-controller"), Log: o.log,
	})
	if err := keeper.Watch(ctx, mgr); err != nil {
		return err
	}
	follow := []func(*config.Config){func(c *config.Config) { keeper.Configure(c.Zones()) }}
	count, err := addNodes(ctx, mgr, nodeParts{client: direct, namespace: o.namespace, inForce: keeper.InForce, metrics: registry, log: o.log})
	if err != nil {
		return err
	}
	count(cfg)
	follow = append(follow, count)
	if o.startupTaint {
		taints := startuptaint.New(startuptaint.Options{Client: direct, Namespace: o.namespace, Endpoints: cfg.Zones(), Log: o.log})
		if err := taints.Watch(ctx, mgr); err != nil {
			return err
		}
		follow = append(follow, func(c *config.Config) { taints.Configure(c.Zones()) })
	}
	if o.webhookCertificate {
		issuer := certificate.New(certificate.Options{
			Client: direct, Namespace: o.namespace, ClusterDomain: cfg.Cluster.Domain, Metrics: registry, Log: o.log,
		})
		if err := issuer.Watch(ctx, mgr); err != nil {
			return err
		}
		follow = append(follow, func(c *config.Config) { issuer.Configure(c.Cluster.Domain) })
	}

	limited := inProtobuf(cluster) // at client-go's 5 requests a second, which is plenty
	limited.Wrap(stragglers.LimitAnswers)
	core, err := corev1client.NewForConfig(limited)
	if err != nil {
		return err
	}
	stuck, err := addStuckPods(mgr, cfg, stuckParts{cluster: cluster, pods: core, namespace: o.namespace, metrics: registry, log: o.log})
	if err != nil {
		return err
	}
	counter := stragglers.New(stragglers.Options{
		Client: core, Namespace: o.namespace, Metrics: registry, Log: o.log, Listeners: []stragglers.Listener{stuck},
	})
	if err := counter.Configure(cfg); err != nil {
		return err
	}
	if err := mgr.Add(counter); err != nil {
		return err
	}
	follow = append(follow, func(c *config.Config) {
		if err := counter.Configure(c); err != nil {
			o.log.Error("pods are counted by the configuration before", "error", err)
		}
		if err := stuck.Configure(c); err != nil {
			o.log.Error("pods that wait for an image are looked after by the configuration before", "error", err)
		}
	})

	secrets, err := ownSecrets(cluster, registry)
	if err != nil {
		return err
	}
	pulls, err := addPullSecrets(mgr, cluster, secrets, o, registry)
	if err != nil {
		return err
	}
	pulls.Configure(cfg)
	follow = append(follow, pulls.Configure)

	var deciding automaticParts
	if o.probers {
		collector, err := addProbers(mgr, cfg, proberParts{cluster: cluster, namespace: o.namespace, metrics: registry, log: o.log})
		if err != nil {
			return err
		}
		deciding.heard = collector.Heard
		follow = append(follow, collector.Configure)
	} else if err := forget(mgr, cfg, "health", core, o); err != nil {
		return err
	}
	held := drillkeeper.Options{Client: direct, Namespace: o.namespace, Endpoints: cfg.Zones(), Metrics: registry, Log: o.log}
	if o.readiness {
		images, err := addReadiness(mgr, cluster, cfg, o, registry)
		if err != nil {
			return err
		}
		held.Asked = images.Asked
		follow = append(follow, func(c *config.Config) { configureReadiness(images, c, o.log) })
	} else if err := forget(mgr, cfg, readiness.StatusKey, core, o); err != nil {
		return err
	}
	drills := drillkeeper.New(held)
	if err := drills.Watch(ctx, mgr); err != nil {
		return err
	}
	follow = append(follow, func(c *config.Config) { drills.Configure(c.Zones()) })
	if usesCloud(cfg) {
		cloud := openCloud(cfg, o.cloud, registry, o.log)
		defer cloud.Close()
		use, err := addCloud(mgr, cfg, cloud, cloudParts{core: core, namespace: o.namespace, secrets: secrets, zones: &deciding.zones, metrics: registry, log: o.log})
		if err != nil {
			return err
		}
		follow = append(follow, use...)
	}
	follow = append(follow, func(c *config.Config) { warnOfCloud(cfg, c, o.log) })
	decides, err := addAutomatic(mgr, cfg, cluster, deciding, o, registry)
	if err != nil {
		return err
	}
	follow = append(follow, decides.Configure)

	pages, err := diagnostics.Listen(diagnostics.Options{Address: o.metrics, Registry: withLibrary(registry), Ready: keeper.Ready, Logger: o.log})
	if err != nil {
		return err
	}
	if pages.Addr() != "" {
		o.log.Info("listening", "proto", "http", "addr", pages.Addr())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return mgr.Start(ctx) })
	group.Go(func() error { return pages.Serve(ctx) })
	group.Go(func() error {
		return file.Follow(ctx, func(c *config.Config) {
			for _, use := range follow {
				use(c)
			}
		})
	})
	return group.Wait()
}
