package cli

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/registry-failover/registry-failover/internal/switching"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const failoverLong = `Lead the shared endpoint to a standby: ask the safety rules, write the switch, wait
until every node reports it, prove by the probers who serves the nodes, and print
the command that undoes it.

Where a rule doesn't hold, or nobody knows whether it does, nothing is written.
Whoever knows better overrides it by its name, which is noted in the switch.
docs/failover.md tells the rules. With --waves shares of the nodes move one after
the other, each proven before the next; what isn't proven stops them.

It asks with your own rights; --dry-run needs those to read only.`

const failoverExample = `  # What would happen?
  kubectl registry-failover failover --to hangzhou --dry-run

  # All nodes at once
  kubectl registry-failover failover --to hangzhou --reason "zhangjiakou pulls time out"

  # Over the Internet, in waves, for two hours
  kubectl registry-failover failover --to hangzhou/public --waves 10,50,100 --until 2h

  # The standby has what matters
  kubectl registry-failover failover --to hangzhou --override target-ready`

const failbackLong = `Lead the shared endpoint back: to PrivateZone, or with --to to the primary itself,
whatever PrivateZone says. It does what failover does, and asks two rules more: that
PrivateZone leads to the primary, and that every image that runs now is there, too.`

const failbackExample = `  # Follow PrivateZone again
  kubectl registry-failover failback --waves 10,100

  # To the primary itself, while PrivateZone leads to the standby
  kubectl registry-failover failback --to zhangjiakou`

// switchVerb is failover or failback.
type switchVerb struct {
	name string
	// back says that it leads to the primary, or to PrivateZone.
	back bool
}

type switchOptions struct {
	verb      switchVerb
	to        string
	endpoint  string
	reason    string
	setBy     string
	until     string
	waves     string
	pause     time.Duration
	overrides []string
	dryRun    bool
	timeout   time.Duration
	output    string
	kube      *genericclioptions.ConfigFlags
}

func newFailover() *cobra.Command {
	return newSwitchVerb(switchVerb{name: "failover"}, &cobra.Command{
		Use:     "failover --to INSTANCE[/NETWORK] [--endpoint NAME] [--waves SHARES] [--override RULE,...] [--dry-run] [-o table|json]",
		Short:   "Lead the shared endpoint to a standby, and prove it",
		Long:    failoverLong,
		Example: failoverExample,
	})
}

func newFailback() *cobra.Command {
	return newSwitchVerb(switchVerb{name: "failback", back: true}, &cobra.Command{
		Use:     "failback [--to PRIMARY[/NETWORK]] [--endpoint NAME] [--waves SHARES] [--override RULE,...] [--dry-run] [-o table|json]",
		Short:   "Lead the shared endpoint back, and prove it",
		Long:    failbackLong,
		Example: failbackExample,
	})
}

func newSwitchVerb(verb switchVerb, cmd *cobra.Command) *cobra.Command {
	o := switchOptions{verb: verb, kube: clusterFlags()}
	*o.kube.Namespace = productNamespace
	cmd.DisableFlagsInUseLine, cmd.RunE = true, o.run
	to := "`WORD` that says where to: an instance, or one with /internal or /public"
	if verb.back {
		to = "`WORD` that says where to: privatezone, or the primary with or without its network"
		o.to = zone.PrivateZone
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.to, "to", o.to, to)
	flags.StringVar(&o.endpoint, "endpoint", "", "`NAME` of the shared endpoint; needed where there are several")
	flags.StringVar(&o.reason, "reason", "", "`TEXT` for people, on one line")
	flags.StringVar(&o.setBy, "set-by", "", "`NAME` of who decides; the API server's name for you is noted, too")
	flags.StringVar(&o.until, "until", "", "`WHEN` the endpoint is to follow PrivateZone again: a time such as 2026-11-23T02:00:00Z, or a duration such as 2h")
	flags.StringVar(&o.waves, "waves", "", "`SHARES` of the nodes in percent to move one after the other, such as 10,50,100")
	flags.DurationVar(&o.pause, "wave-pause", 0, "how `LONG` to look at the target after each wave; without it 30s, or as long as the probers need to see a fault")
	flags.StringSliceVar(&o.overrides, "override", nil, "`RULE,...` that need not hold, by name")
	flags.BoolVar(&o.dryRun, "dry-run", false, "ask the rules and show what would be written")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "how `LONG` to wait at most for the proof of each wave, such as 90s")
	addOutput(flags, &o.output)
	o.kube.AddFlags(flags)
	flags.Lookup("namespace").Usage = "the namespace that the product is installed in"
	return cmd
}

func (o *switchOptions) run(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q: name where to with --to, and the endpoint with --endpoint", args[0])
	}
	w, err := o.wishes(time.Now())
	if err != nil {
		return err
	}
	s, err := o.connect(cmd.Context(), w)
	if err != nil {
		return err
	}
	if !cmd.Flags().Changed("wave-pause") {
		s.pause = wavePause(s.config.Health)
	}
	result, verdict := s.carryOut(cmd.Context(), func(text string) { say(cmd.ErrOrStderr(), text) })
	if result == nil {
		return verdict
	}
	var out bytes.Buffer
	if o.output == outputJSON {
		err = writeIndented(&out, result)
	} else {
		writeSwitch(&out, *result)
	}
	if err != nil {
		return err
	}
	if _, err := out.WriteTo(cmd.OutOrStdout()); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return verdict
}

// undoFlags are the flags that choose a cluster, as the caller gave them, for the command
// that undoes. What is secret stays out of it.
func (o *switchOptions) undoFlags() []string {
	var flags []string
	for _, f := range []struct {
		name  string
		value *string
	}{
		{"kubeconfig", o.kube.KubeConfig}, {"context", o.kube.Context}, {"server", o.kube.APIServer}, {"user", o.kube.AuthInfoName},
		{"as", o.kube.Impersonate}, {"as-uid", o.kube.ImpersonateUID}, {"certificate-authority", o.kube.CAFile},
		{"client-certificate", o.kube.CertFile}, {"client-key", o.kube.KeyFile}, {"tls-server-name", o.kube.TLSServerName},
	} {
		if f.value != nil && *f.value != "" {
			flags = append(flags, "--"+f.name, *f.value)
		}
	}
	if groups := o.kube.ImpersonateGroup; groups != nil {
		for _, g := range *groups {
			flags = append(flags, "--as-group", g)
		}
	}
	if o.kube.Insecure != nil && *o.kube.Insecure {
		flags = append(flags, "--insecure-skip-tls-verify")
	}
	return flags
}

// setter is who is noted: the name that was given, and the API server's for the caller.
func (o *switchOptions) setter(ctx context.Context, c *switching.Cluster) string {
	ctx, cancel := o.within(ctx)
	defer cancel()
	known := c.Who(ctx)
	switch {
	case o.setBy == "":
		return known
	case known == "" || known == o.setBy:
		return o.setBy
	}
	return o.setBy + " (" + known + ")"
}
