package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/diagnostics"
	"github.com/registry-failover/registry-failover/internal/dnsclient"
)

// lookupTimeout is for one question to one server. The node's own resolver
// allows 2 s; a server that needs longer is not asked for longer here.
const lookupTimeout = 2 * time.Second

const resolvConf = "/etc/resolv.conf"

type options struct {
	config, dir, namespace, nodeName, listen, hostsFile, cacheDir, metrics string
	kube                                                                   bool
	upstream                                                               []netip.AddrPort
	log                                                                    *slog.Logger
}

func parse(args []string) (options, error) {
	var o options
	var upstream, logFormat string
	flags := flag.NewFlagSet("resolver", flag.ExitOnError)
	flags.StringVar(&o.config, "config", "", "the configuration `FILE` (required)")
	flags.BoolVar(&o.kube, "kube", false, "watch switch and state in the API server (in the cluster, or by KUBECONFIG)")
	flags.StringVar(&o.namespace, "namespace", "", "the `NS` of switch and state with --kube; its default is the pod's own")
	flags.StringVar(&o.nodeName, "node-name", "", "the `NAME` of the node that is answered for; empty for the DNS Service")
	flags.StringVar(&o.dir, "dir", "", "read DIR/switch and DIR/state, laid out as mounted ConfigMaps are, instead of an API server")
	flags.StringVar(&o.listen, "listen", "", "the `ADDR` for DNS over UDP and TCP; empty answers no DNS")
	flags.StringVar(&o.hostsFile, "hosts-file", "", "the hosts `FILE` that gets the marked block; empty writes none")
	flags.StringVar(&upstream, "upstream", "", "the DNS servers of the node as `IP:PORT,…`; their default is in "+resolvConf)
	flags.StringVar(&o.cacheDir, "cache-dir", "", "the `DIR` that keeps the last good inputs for a restart; empty keeps none")
	flags.StringVar(&o.metrics, "metrics", ":8081", "the `ADDR` for /metrics, /healthz and /readyz; empty for none")
	flags.StringVar(&logFormat, "log-format", "text", "text or json")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	switch {
	case flags.NArg() > 0:
		return options{}, fmt.Errorf("unexpected argument %q: all arguments are flags, see --help", flags.Arg(0))
	case o.config == "":
		return options{}, errors.New("--config is missing: name the configuration file")
	case o.kube == (o.dir != ""):
		return options{}, errors.New("give one of --kube and --dir: that is where the switch is read")
	case o.listen == "" && o.hostsFile == "":
		return options{}, errors.New("there is nothing to do: give --listen for DNS, --hosts-file for the block, or both")
	}
	var err error
	if o.log, err = diagnostics.NewLogger(os.Stderr, logFormat); err != nil {
		return options{}, err
	}
	if upstream != "" {
		o.upstream, err = parseServers(upstream)
	}
	return o, err
}

// systemServers are the DNS servers of the node.
func systemServers() ([]netip.AddrPort, error) {
	file, err := os.Open(resolvConf)
	if err != nil {
		return nil, err
	}
	found, err := dnsclient.SystemServers(file)
	return found, errors.Join(err, file.Close())
}

func parseServers(list string) ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	for text := range strings.SplitSeq(list, ",") {
		server, err := netip.ParseAddrPort(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("--upstream: %q is no address with a port: write IP:PORT, such as 100.100.2.136:53", text)
		}
		all = append(all, server)
	}
	return all, nil
}

func parseRemove(args []string) (path string, err error) {
	flags := flag.NewFlagSet("resolver hosts", flag.ExitOnError)
	remove := flags.Bool("remove", false, "take the marked block out of the file")
	flags.StringVar(&path, "hosts-file", "", "the hosts `FILE`")
	if err := flags.Parse(args); err != nil {
		return "", err
	}
	if !*remove || path == "" || flags.NArg() > 0 {
		return "", errors.New("write: resolver hosts --remove --hosts-file FILE")
	}
	return path, nil
}
