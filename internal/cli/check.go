package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/checks/network"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const checkLong = `Look before a failover is needed at what it would need, and tell for
each finding what to do about it: docs/checks.md explains each code.

It looks at the cluster of the kubeconfig, with your own rights: at policies, at the
product's images, at how nodes pull, and whether pods have pull credentials for every
instance. With
--login it tries these credentials at the instances.

With --pre it looks as well at what doesn't need the product to be installed. Run it
where images are pulled, on a node: what resolves and connects there is what counts.

What --pre looks at over the cloud's API needs credentials that may read it; they
are taken from the environment, or from files. docs/cloud.md has a policy to copy.`

const checkExample = `  # In a cluster with the product, whose configuration is taken
  kubectl registry-failover check

  # The same, with a login at each instance for each pull secret
  kubectl registry-failover check --login --timeout 2m

  # Before the installation, with the file of the configuration
  kubectl registry-failover check --pre --config config.yaml

  # With the cluster's address on the Internet, which the instances must let in
  kubectl registry-failover check --pre --config config.yaml --egress 203.0.113.7

  # With the configuration of the cluster, for a script
  kubectl registry-failover check --pre -o json`

// preflight is what the checks can be made of.
type preflight struct {
	config *config.Config
	kube   *genericclioptions.ConfigFlags
	// login has credentials tried at the instances.
	login bool
	// cloud are the checks over the cloud's API: their flags were read before.
	cloud []checks.Check
}

// sets make the checks of check --pre, in the order in which they are told. Where
// what a set needs is missing, it gives checks.Withhold of its checks.
var sets = []func(context.Context, *preflight) []checks.Check{
	func(_ context.Context, p *preflight) []checks.Check {
		return network.All(network.Options{Config: p.config})
	},
	func(_ context.Context, p *preflight) []checks.Check { return p.cloud },
	clusterChecks,
	pullSecretChecks,
}

// clusterSets are those of check without --pre.
var clusterSets = []func(context.Context, *preflight) []checks.Check{clusterChecks, pullSecretChecks}

type checkOptions struct {
	pre     bool
	login   bool
	config  string
	timeout time.Duration
	output  string
	kube    *genericclioptions.ConfigFlags
	cloud   cloudFlags
}

func newCheck() *cobra.Command {
	o := checkOptions{kube: clusterFlags()}
	*o.kube.Namespace = productNamespace
	cmd := &cobra.Command{
		Use:                   "check [--pre] [--config FILE] [--login] [--egress ADDRESS] [--timeout DURATION] [-o table|json]",
		Short:                 "Look whether a failover would work",
		Long:                  checkLong,
		Example:               checkExample,
		DisableFlagsInUseLine: true,
		RunE:                  o.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.pre, "pre", false, "look as well at what needs no installation")
	flags.StringVar(&o.config, "config", "", "`FILE` with the configuration, - for stdin; without it that of the cluster")
	flags.BoolVar(&o.login, "login", false, "try the pods' pull credentials at the instances")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "how `LONG` to look at most, such as 2m")
	addOutput(flags, &o.output)
	o.cloud.add(flags)
	o.kube.AddFlags(flags)
	flags.Lookup("namespace").Usage = "the namespace that the product is installed in"
	return cmd
}

func (o *checkOptions) run(cmd *cobra.Command, args []string) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	switch {
	case len(args) > 0:
		return fmt.Errorf("unexpected argument %q: check looks at all endpoints", args[0])
	case o.timeout <= 0:
		return fmt.Errorf("--timeout %s: must be longer than nothing", o.timeout)
	}
	if !o.pre {
		for _, name := range cloudFlagNames {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("--%s belongs to --pre: give that, too", name)
			}
		}
		if _, _, err := connect(o.kube); err != nil {
			return fmt.Errorf("without --pre there is nothing to look at but a cluster: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	p := &preflight{kube: o.kube, login: o.login}
	var err error
	if p.config, err = o.readConfig(ctx, cmd.InOrStdin()); err != nil {
		return err
	}
	making := clusterSets
	if o.pre {
		making = sets
		if p.cloud, err = cloudChecks(ctx, p.config, &o.cloud); err != nil {
			return err
		}
	}
	results := look(ctx, p, making)
	if err := o.write(cmd.OutOrStdout(), results); err != nil {
		return err
	}
	return o.judge(results, ctx.Err())
}

// look runs the sets at once, each one's checks one after the other: that one set is
// slow shall cost the others no time.
func look(ctx context.Context, p *preflight, sets []func(context.Context, *preflight) []checks.Check) []checks.Result {
	found := make([][]checks.Result, len(sets))
	var group sync.WaitGroup
	for n, set := range sets {
		group.Go(func() { found[n] = checks.Run(ctx, set(ctx, p)) })
	}
	group.Wait()
	return slices.Concat(found...)
}

func (o *checkOptions) readConfig(ctx context.Context, stdin io.Reader) (*config.Config, error) {
	if o.config != "" {
		return readConfig(&input{stdin: stdin}, o.config)
	}
	_, client, err := connect(o.kube)
	if err != nil {
		return nil, fmt.Errorf("name a file with --config, or a cluster: %w", err)
	}
	c, err := readClusterConfig(ctx, client, *o.kube.Namespace)
	if err != nil {
		return nil, fmt.Errorf("name a file with --config: %w", err)
	}
	return c, nil
}

// write escapes what foreign servers have said, in JSON too: people read it.
func (o *checkOptions) write(w io.Writer, results []checks.Result) error {
	for _, r := range results {
		for i := range r.Findings {
			f := &r.Findings[i]
			f.Subject, f.Text, f.Remedy = escape(f.Subject), escape(f.Text), escape(f.Remedy)
		}
	}
	var out bytes.Buffer
	if o.output == outputJSON {
		if err := writeIndented(&out, results); err != nil {
			return err
		}
	} else {
		checks.WriteText(&out, results)
	}
	if _, err := out.WriteTo(w); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return nil
}

// judge gives what failed before what there was no time for: more time wouldn't help it.
func (o *checkOptions) judge(results []checks.Result, over error) error {
	var failed []string
	for _, r := range results {
		if r.Level() == checks.Failed {
			failed = append(failed, string(r.Code))
		}
	}
	switch {
	case len(failed) > 0:
		return verdict{exitFailed, "failed: " + strings.Join(failed, ", ")}
	case errors.Is(over, context.DeadlineExceeded), over == nil && checks.Late(results): // a wait that can't end in time isn't begun
		return verdict{exitTimedOut, fmt.Sprintf("after %s: not everything was looked at", o.timeout)}
	}
	return over
}
