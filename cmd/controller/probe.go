package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/configfile"
	"github.com/registry-failover/registry-failover/internal/diagnostics"
	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/internal/prober"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// probeOptions are the flags of `controller probe`.
type probeOptions struct {
	config, namespace, dir, metrics string
	pod, uid, node, hosts           string
	log                             *slog.Logger
	// health asks the instances; a test has another than the zero value.
	health health.Prober
}

// runProbe is `controller probe`, a prober. It returns the exit code.
func runProbe(args []string) int {
	const name = "controller probe"
	o, err := parseProbe(name, args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := probe(ctx, o); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

func parseProbe(name string, args []string) (probeOptions, error) {
	var o probeOptions
	var kube bool
	var logFormat string
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	flags.StringVar(&o.config, "config", "", "the configuration `FILE` (required)")
	flags.BoolVar(&kube, "kube", false, "report to the API server (in the cluster, or by KUBECONFIG)")
	flags.StringVar(&o.namespace, "namespace", "", "the `NS` of the report; its default is the pod's own")
	flags.StringVar(&o.dir, "dir", "", "report to DIR/health instead of an API server")
	flags.StringVar(&o.metrics, "metrics", ":8082", "the `ADDR` for /metrics, /healthz and /readyz; empty for none")
	flags.StringVar(&o.pod, "pod-name", "", "the `NAME` of the report: the pod's; its default is the host's name")
	flags.StringVar(&o.uid, "pod-uid", "", "the `UID` of the pod, with which the report goes; without it the report stays, and grows old")
	flags.StringVar(&o.node, "node-name", "", "the `NAME` of the node, to be seen in the report; its default is that of the report")
	flags.StringVar(&o.hosts, "hosts-file", "/etc/hosts", "the node's hosts `FILE`, only read: it says who serves the node under the shared endpoint's name")
	flags.StringVar(&logFormat, "log-format", "text", "text or json")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q: all arguments are flags, see --help", flags.Arg(0))
	case o.config == "":
		return o, errors.New("--config is missing: name the configuration file")
	case kube == (o.dir != ""):
		return o, errors.New("give one of --kube and --dir: that is where the report is written")
	}
	if o.namespace == "" {
		o.namespace = inputs.Namespace()
	}
	var err error
	if o.pod == "" {
		if o.pod, err = os.Hostname(); err != nil {
			return o, fmt.Errorf("--pod-name is missing, and this host has no name: %w", err)
		}
	}
	if o.node == "" {
		o.node = o.pod // a Lease's holder may not be empty
	}
	o.log, err = diagnostics.NewLogger(os.Stderr, logFormat)
	return o, err
}

func probe(ctx context.Context, o probeOptions) error {
	registry := prometheus.NewRegistry()
	file := configfile.New(o.config, lastgood.Open(""), registry, o.log)
	cfg, err := file.Load()
	if err != nil {
		return err
	}
	var current atomic.Pointer[config.Config]
	current.Store(cfg)
	sink, store, err := o.open()
	if err != nil {
		return err
	}
	p := prober.New(prober.Options{Health: o.health, Names: &prober.NodeNames{HostsFile: o.hosts}, Version: diagnostics.Version(), Metrics: registry, Log: o.log})
	p.Configure(cfg)
	reporter := prober.NewReporter(sink, p)
	pages, err := diagnostics.Listen(diagnostics.Options{Address: o.metrics, Registry: registry, Ready: reporter.Ready, Logger: o.log})
	if err != nil {
		return err
	}
	if pages.Addr() != "" {
		o.log.Info("listening", "proto", "http", "addr", pages.Addr())
	}
	learner := prober.Learner{Store: store, Config: current.Load, Log: o.log}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return pages.Serve(ctx) })
	group.Go(func() error { return p.Run(ctx) })
	group.Go(func() error { return reporter.Run(ctx) })
	group.Go(func() error { return learner.Run(ctx, p.Learn) })
	group.Go(func() error {
		return file.Follow(ctx, func(c *config.Config) {
			current.Store(c)
			p.Configure(c)
		})
	})
	return group.Wait()
}

// open gives where the report is written, and where the state is.
func (o probeOptions) open() (prober.Sink, published.Store, error) {
	if o.dir != "" {
		if info, err := os.Stat(o.dir); err != nil || !info.IsDir() {
			return nil, nil, fmt.Errorf("--dir %s: it must be a directory that exists", o.dir)
		}
		dir := published.InDir(o.dir)
		return prober.File{Dir: dir, Name: o.pod}, dir, nil
	}
	cluster, err := inputs.RESTConfig()
	if err != nil {
		return nil, nil, err
	}
	leases, err := coordinationv1client.NewForConfig(cluster)
	if err != nil {
		return nil, nil, err
	}
	core, err := corev1client.NewForConfig(cluster)
	if err != nil {
		return nil, nil, err
	}
	return prober.Lease{
		Client: leases.Leases(o.namespace), Namespace: o.namespace, Pod: o.pod, UID: types.UID(o.uid), Node: o.node,
	}, published.InConfigMaps(core.ConfigMaps(o.namespace)), nil
}
