package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"github.com/registry-failover/registry-failover/internal/diagnostics"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/proberscale"
	"github.com/registry-failover/registry-failover/internal/startuptaint"
)

type options struct {
	config, namespace, metrics string
	dir                        string
	webhookCertificate         bool
	startupTaint               bool
	probers                    bool
	readiness                  bool
	cloud                      cloudOptions
	log                        *slog.Logger
}

func parse(args []string) (options, error) {
	var o options
	var kube bool
	var logFormat string
	flags := flag.NewFlagSet("controller", flag.ExitOnError)
	flags.StringVar(&o.config, "config", "", "the configuration `FILE` (required)")
	flags.BoolVar(&kube, "kube", false, "work on the API server (in the cluster, or by KUBECONFIG)")
	flags.StringVar(&o.namespace, "namespace", "", "the `NS` of switch and state; its default is the pod's own")
	flags.StringVar(&o.dir, "dir", "", "keep DIR/switch, DIR/state and DIR/status instead of an API server's objects")
	flags.StringVar(&o.metrics, "metrics", ":8082", "the `ADDR` for /metrics, /healthz and /readyz; empty for none")
	flags.StringVar(&logFormat, "log-format", "text", "text or json")
	flags.BoolVar(&o.webhookCertificate, "webhook-certificate", false, "issue the webhook's certificate, and have the API server trust it")
	flags.BoolVar(&o.startupTaint, "startup-taint", false, "take the taint "+startuptaint.Key+" off nodes that have reported")
	flags.BoolVar(&o.probers, "probers", false, "scale the Deployment "+proberscale.Name+", and publish what the probers report together")
	flags.BoolVar(&o.readiness, "readiness", false, "look up on every instance the images that the cluster's workloads name")
	flags.BoolVar(&o.cloud.vpc, "vpc-endpoints", false, "reach the cloud's API from a VPC without a way to the Internet")
	flags.StringVar(&o.cloud.pvtz, "pvtz-endpoint", "", "the `URL` of PrivateZone's API; its default is the cloud's")
	flags.StringVar(&o.cloud.acr, "acr-endpoint", "", "the `URL` of ACR's API in all regions; its default is the cloud's in each")
	flags.StringVar(&o.cloud.credentialsDir, "credentials-dir", credentialsDir, "the `DIR` with the Secret that credentials.provider AccessKey or STS needs")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	switch {
	case flags.NArg() > 0:
		return options{}, fmt.Errorf("unexpected argument %q: all arguments are flags, see --help", flags.Arg(0))
	case o.config == "":
		return options{}, errors.New("--config is missing: name the configuration file")
	case kube == (o.dir != ""):
		return options{}, errors.New("give one of --kube and --dir: that is where the switch is kept")
	case o.dir != "" && (o.webhookCertificate || o.startupTaint || o.probers || o.readiness):
		return options{}, errors.New("--webhook-certificate, --startup-taint, --probers and --readiness need --kube: they are about objects of a cluster")
	}
	if _, err := o.cloud.addresses(""); err != nil {
		return options{}, err
	}
	if o.namespace == "" {
		o.namespace = inputs.Namespace()
	}
	var err error
	o.log, err = diagnostics.NewLogger(os.Stderr, logFormat)
	return o, err
}
