package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/registry-failover/registry-failover/internal/diagnostics"
)

const versionLong = `Tell the version of the plugin and of what runs in the cluster: of each workload
by its image's tag, and of the pods that report, in Leases, by their own word. Where
they differ it says so.

It asks with your own rights: to list Deployments, DaemonSets and Leases in the
product's namespace. Without a kubeconfig, or with --client, it tells the plugin's only.`

const versionExample = `  kubectl registry-failover version

  kubectl registry-failover version -o json | jq -r .plugin`

type versionOptions struct {
	client bool
	output string
	kube   *genericclioptions.ConfigFlags
}

func newVersion() *cobra.Command {
	o := versionOptions{kube: clusterFlags()}
	*o.kube.Namespace = productNamespace
	cmd := &cobra.Command{
		Use:                   "version [--client] [-o table|json]",
		Short:                 "Tell the versions of the plugin and of what runs in the cluster",
		Long:                  versionLong,
		Example:               versionExample,
		DisableFlagsInUseLine: true,
		RunE:                  o.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.client, "client", false, "ask no cluster")
	addOutput(flags, &o.output)
	o.kube.AddFlags(flags)
	flags.Lookup("namespace").Usage = "the namespace that the product is installed in"
	return cmd
}

// versionPatience is how long an API server is waited for.
const versionPatience = 10 * time.Second

func (o *versionOptions) run(cmd *cobra.Command, args []string) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q: version takes none", args[0])
	}
	found := versions{Plugin: diagnostics.Version(), Workloads: []workloadVersion{}, Reports: []reportedVersion{}, Findings: []string{}}
	var failed error
	if !o.client {
		ctx, cancel := context.WithTimeout(cmd.Context(), versionPatience)
		defer cancel()
		if failed = found.read(ctx, o.kube); errors.Is(failed, errNoKubeconfig) {
			failed = nil
		}
		found.judge()
	}
	var out bytes.Buffer
	var err error
	if o.output == outputJSON {
		err = writeIndented(&out, found)
	} else {
		err = writeVersions(&out, found)
	}
	if err != nil {
		return err
	}
	if _, err := out.WriteTo(cmd.OutOrStdout()); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return failed
}
