package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/registry-failover/registry-failover/internal/inputs"
	hooks "github.com/registry-failover/registry-failover/internal/uninstall"
)

// uninstall is `controller uninstall`, Helm's pre-delete hook. It returns the exit code.
func uninstall(args []string) int {
	const name = "controller uninstall"
	o := hooks.Options{Out: os.Stdout}
	flags := hookFlags(name, &o)
	flags.StringVar(&o.CoreDNSNamespace, "coredns-namespace", "kube-system", "the `NS` of CoreDNS's ConfigMap")
	flags.StringVar(&o.CoreDNSConfigMap, "coredns-configmap", "coredns", "the `NAME` of CoreDNS's ConfigMap; empty leaves CoreDNS alone")
	flags.DurationVar(&o.Timeout, "timeout", 2*time.Minute, "how long PrivateZone's record is waited for, and then nodes")
	return runHook(name, flags, args, &o, hooks.Run)
}

// hookFlags are the flags that both hooks have.
func hookFlags(name string, o *hooks.Options) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	flags.StringVar(&o.Namespace, "namespace", "", "the `NS` of the release; its default is the pod's own")
	return flags
}

// runHook runs one of the hooks with what its flags say.
func runHook(name string, flags *flag.FlagSet, args []string, o *hooks.Options, run func(context.Context, hooks.Options) error) int {
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q: all arguments are flags, see --help", flags.Arg(0))
	}
	if err == nil && o.Timeout < 0 {
		err = errors.New("--timeout is negative: write how long is waited, such as 2m")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err = connect(o); err == nil {
		err = run(ctx, *o)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

// connect gives the hook its API server and its namespace.
func connect(o *hooks.Options) error {
	if o.Namespace == "" {
		o.Namespace = inputs.Namespace()
	}
	config, err := inputs.RESTConfig()
	if err != nil {
		return err
	}
	o.Client, err = kubernetes.NewForConfig(config)
	return err
}
