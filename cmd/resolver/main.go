// Command resolver answers for the shared endpoints: in DNS, for pods, and in
// a node's hosts file, for its container runtime.
package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/internal/configfile"
	"github.com/registry-failover/registry-failover/internal/connections"
	"github.com/registry-failover/registry-failover/internal/detours"
	"github.com/registry-failover/registry-failover/internal/diagnostics"
	"github.com/registry-failover/registry-failover/internal/dnsclient"
	"github.com/registry-failover/registry-failover/internal/dnsserver"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/internal/nodehosts"
	"github.com/registry-failover/registry-failover/internal/nodelease"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/resolver"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// registryPort is where a shared endpoint and its instances are reached.
const registryPort = 443

func main() {
	if len(os.Args) > 1 && os.Args[1] == "hosts" {
		os.Exit(removeHosts(os.Args[2:]))
	}
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "resolver:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	diagnostics.CollectSooner(50) // every node pays for this memory, and what is asked most is answered without allocating
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "resolver:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	registry := prometheus.NewRegistry()
	cache := lastgood.Open(o.cacheDir)
	file := configfile.New(o.config, cache, registry, o.log)
	cfg, err := file.Load()
	if err != nil {
		return err
	}
	read, err := o.reader()
	if err != nil {
		return err
	}
	servers := o.servers()
	if o.hostsFile != "" && o.nodeName == "" {
		o.log.Warn("without --node-name this node takes no part in a switch by share or nodes, and reports nothing")
	}
	wiring := resolver.Options{
		Node: o.nodeName, Config: cfg, Follow: file.Follow, Read: read, Cache: cache,
		Client: dnsclient.New(servers, lookupTimeout), Metrics: registry, Log: o.log,
	}
	if o.hostsFile != "" {
		wiring.Hosts = nodehosts.NewFile(o.hostsFile)
		wiring.Detours = func(endpoints []string) ([]detours.Detour, error) {
			return detours.In(filepath.Dir(o.hostsFile), endpoints)
		}
		wiring.Reset = func(addrs []netip.Addr) (int, error) { return connections.Reset(addrs, registryPort) }
		wiring.Check = connections.Check
		if wiring.Report, err = o.reporter(); err != nil {
			return err
		}
	}
	if o.listen != "" {
		serving := dnsserver.Options{Addr: o.listen, Metrics: registry}
		if len(servers) > 0 {
			serving.Below = wiring.Client.Ask
		}
		wiring.Server = dnsserver.New(serving)
		if err := wiring.Server.Listen(ctx); err != nil {
			return err
		}
		o.log.Info("listening", "proto", "dns", "addr", wiring.Server.Addr().String())
	}
	r := resolver.New(wiring)
	pages, err := diagnostics.Listen(diagnostics.Options{Address: o.metrics, Registry: registry, Ready: r.Ready, Logger: o.log})
	if err != nil {
		return err
	}
	pages.Handle("GET /debug/answer", http.HandlerFunc(r.ServeAnswers))
	if pages.Addr() != "" {
		o.log.Info("listening", "proto", "http", "addr", pages.Addr())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.Run(ctx) })
	group.Go(func() error { return pages.Serve(ctx) })
	return group.Wait()
}

// reader returns what reads switch and state: from a directory or from the API server.
func (o options) reader() (func(context.Context, config.Source, func(inputs.Snapshot)) error, error) {
	if !o.kube {
		return func(ctx context.Context, _ config.Source, publish func(inputs.Snapshot)) error {
			return inputs.Dir(ctx, o.dir, publish)
		}, nil
	}
	cluster, err := inputs.RESTConfig()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, source config.Source, publish func(inputs.Snapshot)) error {
		return inputs.Kube(ctx, inputs.KubeOptions{
			Config: cluster, Namespace: o.inNamespace(), WatchState: source == config.API, Logger: o.log,
		}, publish)
	}, nil
}

// reporter returns what writes the node's Lease, nil without a cluster or a node to write of.
func (o options) reporter() (func(context.Context, nodereport.Report) error, error) {
	if !o.kube || o.nodeName == "" {
		return nil, nil
	}
	cluster, err := inputs.RESTConfig()
	if err != nil {
		return nil, err
	}
	lease, err := nodelease.New(cluster, o.inNamespace(), o.nodeName)
	if err != nil {
		return nil, err
	}
	return lease.Write, nil
}

func (o options) inNamespace() string {
	return cmp.Or(o.namespace, inputs.Namespace())
}

// removeHosts takes the marked block out of a hosts file, for people.
func removeHosts(args []string) int {
	path, err := parseRemove(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "resolver hosts:", err)
		return 2
	}
	if _, err := os.Stat(path); err != nil {
		// Apply takes a missing file for one without a block; a person has mistyped its name.
		fmt.Fprintf(os.Stderr, "resolver hosts: %v: name the hosts file that has the block\n", err)
		return 2
	}
	changed, err := nodehosts.NewFile(path).Apply(nodehosts.Block{})
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "resolver hosts:", err)
		return 1
	case changed:
		fmt.Println("removed the block from", path)
	default:
		fmt.Println(path, "has no block")
	}
	return 0
}
