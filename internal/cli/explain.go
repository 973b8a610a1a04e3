package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/registry-failover/registry-failover/pkg/config"
)

const explainLong = `Tell for each image what the webhook makes of it, and why.

Images are given as arguments, or found in Kubernetes manifests: in pods and
in the pod templates of every kind of object, custom resources too. That works
offline: nothing is read but the named files. Label a pod or its template with
registry-failover.io/rewrite: "false" to leave its images alone; the same label
on a namespace is honoured by the API server and not known offline.

With --cluster the pods of a cluster that still name a source host are listed by
owner, each with the reason and with how many nodes pull the image again once it
has its new name. It needs the right to list pods, and says what else it may not read.`

const explainExample = `  # The configuration of the cluster
  kubectl get configmap registry-failover-config -n registry-failover \
    -o jsonpath='{.data.config\.yaml}' > config.yaml

  # What becomes of an image
  kubectl registry-failover explain --config config.yaml nginx:1.29 \
    b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com/demo/web:1

  # Every image of a chart, for a script
  helm template demo | kubectl registry-failover explain --config config.yaml -o json -f -

  # Every image that runs
  kubectl get pods -A -o json | kubectl registry-failover explain --config config.yaml -f -

  # What still pulls from one instance only
  kubectl registry-failover explain --cluster`

type explainOptions struct {
	config    string
	output    string
	manifests []string
	cluster   bool
	kube      *genericclioptions.ConfigFlags
}

func newExplain() *cobra.Command {
	o := explainOptions{kube: clusterFlags()}
	cmd := &cobra.Command{
		Use:                   "explain (--config FILE ([--] IMAGE... | -f MANIFEST...) | --cluster [--config FILE] [--namespace NS]) [-o table|json]",
		Short:                 "Tell what the webhook makes of images, and which pods it has missed",
		Long:                  explainLong,
		Example:               explainExample,
		DisableFlagsInUseLine: true,
		RunE:                  o.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.config, "config", "", "`FILE` with the configuration, config.yaml of the ConfigMap registry-failover-config; - for stdin")
	flags.StringArrayVarP(&o.manifests, "filename", "f", nil, "`MANIFEST` with images, - for stdin; further arguments are manifests too")
	flags.BoolVar(&o.cluster, "cluster", false, "list the cluster's pods that still name a source host, of all namespaces without --namespace")
	addOutput(flags, &o.output)
	o.kube.AddFlags(flags)
	return cmd
}

func (o *explainOptions) run(cmd *cobra.Command, args []string) error {
	images := len(o.manifests) + len(args)
	if err := checkOutput(o.output); err != nil {
		return err
	}
	switch {
	case o.cluster && images > 0:
		return errors.New("explain --cluster finds the images itself: leave out images and -f")
	case !o.cluster && o.config == "":
		return errors.New("explain needs --config FILE: see kubectl registry-failover explain --help")
	case !o.cluster && images == 0:
		return errors.New("explain needs images, or manifests with -f: see kubectl registry-failover explain --help")
	}
	var out bytes.Buffer
	var err error
	if o.cluster {
		err = o.runCluster(cmd, &out)
	} else {
		err = o.runOffline(cmd, args, &out)
	}
	if err != nil {
		return err
	}
	if _, err := out.WriteTo(cmd.OutOrStdout()); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return nil
}

func (o *explainOptions) runOffline(cmd *cobra.Command, args []string, out io.Writer) error {
	in := &input{stdin: cmd.InOrStdin()}
	c, err := readConfig(in, o.config)
	if err != nil {
		return err
	}
	rewriter, err := c.Rewriter()
	if err != nil {
		return fmt.Errorf("%s: %w", title(o.config), err)
	}
	var entries []entry
	if len(o.manifests) == 0 {
		entries = explainImages(rewriter, args)
	} else if entries, err = explainManifests(rewriter, append(o.manifests, args...), in, cmd.ErrOrStderr()); err != nil {
		return err
	}
	if c.Admission.Enforcement == config.Audit {
		say(cmd.ErrOrStderr(), "admission.enforcement is Audit: the webhook reports this and changes nothing, but in namespaces with the label registry-failover.io/enforcement=Enforce")
	}
	if o.output == outputJSON {
		return writeJSON(out, entries)
	}
	return writeText(out, entries)
}

func (o *explainOptions) runCluster(cmd *cobra.Command, out io.Writer) error {
	_, client, err := connect(o.kube)
	if err != nil {
		return err
	}
	var c *config.Config
	if o.config == "" {
		if c, err = readClusterConfig(cmd.Context(), client, productNamespace); err != nil {
			err = fmt.Errorf("name a file with --config: %w", err)
		}
	} else {
		c, err = readConfig(&input{stdin: cmd.InOrStdin()}, o.config)
	}
	if err != nil {
		return err
	}
	found, err := explainCluster(cmd.Context(), client, c, *o.kube.Namespace, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if o.output == outputJSON {
		return writeIndented(out, found)
	}
	writeClusterText(out, found)
	return nil
}
