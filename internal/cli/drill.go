package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/registry-failover/registry-failover/internal/drill"
	"github.com/registry-failover/registry-failover/internal/readiness"
)

const drillLong = `Prove everything that a failover would need, without moving production: that the
instance answers the probers on the nodes as itself, and that a sample of the images
that run can be read there with the pods' own credentials, which the controller does.

With --nodes these nodes alone are led there for real, by the switch, and back again;
the controller ends it at its time whatever becomes of this program. With
--pod-namespace a pod on one of them pulls one of the images, and runs nothing of it.

It tells the expected recovery time, part by part, and records the drill, so that the
alert for drills that are overdue is silent. docs/drill.md tells the rest.`

const drillExample = `  # What would be proven?
  kubectl registry-failover drill --to hangzhou --dry-run

  # Without moving anything
  kubectl registry-failover drill --to hangzhou

  # With two nodes, and a pod that pulls
  kubectl registry-failover drill --to hangzhou --nodes node-a,node-b --pod-namespace shop`

type drillOptions struct {
	to           string
	endpoint     string
	sample       int
	nodes        string
	period       time.Duration
	podNamespace string
	dryRun       bool
	timeout      time.Duration
	output       string
	kube         *genericclioptions.ConfigFlags
}

func newDrill() *cobra.Command {
	o := drillOptions{kube: clusterFlags()}
	*o.kube.Namespace = productNamespace
	cmd := &cobra.Command{
		Use:                   "drill --to INSTANCE[/NETWORK] [--endpoint NAME] [--sample N] [--nodes NAMES [--for DURATION] [--pod-namespace NS]] [--dry-run] [-o table|json]",
		Short:                 "Prove what a failover would need, without moving production",
		Long:                  drillLong,
		Example:               drillExample,
		DisableFlagsInUseLine: true,
		RunE:                  o.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.to, "to", "", "`WORD` of the switch that says where to: an instance, or one with /internal or /public")
	flags.StringVar(&o.endpoint, "endpoint", "", "`NAME` of the shared endpoint; needed where there are several")
	flags.IntVar(&o.sample, "sample", readiness.MostSampled, "how `MANY` of the images that run are read, 20 at most")
	flags.StringVar(&o.nodes, "nodes", "", "`NAMES` of nodes that are led there for real, with commas between them")
	flags.DurationVar(&o.period, "for", 10*time.Minute, "how `LONG` these nodes are led there at most, if this program doesn't lead them back")
	flags.StringVar(&o.podNamespace, "pod-namespace", "", "`NS` in which a pod pulls one of the images on one of these nodes")
	flags.BoolVar(&o.dryRun, "dry-run", false, "tell what would be done, and write nothing")
	flags.DurationVar(&o.timeout, "timeout", 2*time.Minute, "how `LONG` each part is waited for at most")
	addOutput(flags, &o.output)
	o.kube.AddFlags(flags)
	flags.Lookup("namespace").Usage = "the namespace that the product is installed in"
	return cmd
}

func (o *drillOptions) check(cmd *cobra.Command, args []string) (nodes []string, err error) {
	if err := checkOutput(o.output); err != nil {
		return nil, err
	}
	if nodes, err = drill.ParseNodes(o.nodes); err != nil {
		return nil, err
	}
	switch {
	case len(args) > 0:
		return nil, fmt.Errorf("unexpected argument %q: name where to with --to, and the endpoint with --endpoint", args[0])
	case o.to == "":
		return nil, errors.New("drill needs --to: see kubectl registry-failover drill --help")
	case o.sample < 1 || o.sample > readiness.MostSampled:
		return nil, fmt.Errorf("--sample %d: must be 1 to %d", o.sample, readiness.MostSampled)
	case o.timeout <= 0:
		return nil, fmt.Errorf("--timeout %s: must be longer than nothing", o.timeout)
	case o.period < time.Minute || o.period > 24*time.Hour:
		return nil, fmt.Errorf("--for %s: must be a minute to a day", o.period)
	case len(nodes) == 0 && (cmd.Flags().Changed("for") || o.podNamespace != ""):
		return nil, errors.New("--for and --pod-namespace belong to --nodes: name nodes, too")
	}
	return nodes, nil
}

func (o *drillOptions) run(cmd *cobra.Command, args []string) error {
	nodes, err := o.check(cmd, args)
	if err != nil {
		return err
	}
	// Nodes that are led elsewhere are led back first. A second signal ends the program.
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	d, err := o.connect(ctx, nodes)
	if err != nil {
		return err
	}
	result, judged := d.play(ctx, func(text string) { say(cmd.ErrOrStderr(), text) })
	if result == nil {
		if ctx.Err() != nil {
			return fmt.Errorf("the drill wasn't played to its end, and isn't recorded: %w", context.Cause(ctx))
		}
		return judged
	}
	var out bytes.Buffer
	if o.output == outputJSON {
		err = writeIndented(&out, result)
	} else {
		err = writeDrill(&out, *result)
	}
	if err != nil {
		return err
	}
	if _, err := out.WriteTo(cmd.OutOrStdout()); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return judged
}
