package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/registry-failover/registry-failover/pkg/config"
)

const explainLong = `Tell for each image what the webhook makes of it, and why.

Images are given as arguments, or found in Kubernetes manifests: in pods and
in the pod templates of every kind of object, custom resources too. It works
offline: nothing is read but the named files. Label a pod or its template with
registry-failover.io/rewrite: "false" to leave its images alone; the same label
on a namespace is honoured by the API server and not known here.`

const explainExample = `  # The configuration of the cluster
  kubectl get configmap registry-failover-config -n registry-failover \
    -o jsonpath='{.data.config\.yaml}' > config.yaml

  # What becomes of an image
  kubectl registry-failover explain --config config.yaml nginx:1.29 \
    b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com/demo/web:1

  # Every image of a chart, for a script
  helm template demo | kubectl registry-failover explain --config config.yaml -o json -f -

  # Every image that runs
  kubectl get pods -A -o json | kubectl registry-failover explain --config config.yaml -f -`

type explainOptions struct {
	config    string
	output    string
	manifests []string
}

func newExplain() *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:                   "explain --config FILE [-o json] ([--] IMAGE... | -f MANIFEST...)",
		Short:                 "Tell what the webhook makes of images, offline",
		Long:                  explainLong,
		Example:               explainExample,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(args, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.config, "config", "", "`FILE` with the configuration, config.yaml of the ConfigMap registry-failover-config; - for stdin")
	flags.StringArrayVarP(&o.manifests, "filename", "f", nil, "`MANIFEST` with images, - for stdin; further arguments are manifests too")
	flags.StringVarP(&o.output, "output", "o", "text", "`FORMAT` of the output: text or json")
	return cmd
}

func (o explainOptions) run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	write := writeText
	switch o.output {
	case "text":
	case "json":
		write = writeJSON
	default:
		return fmt.Errorf("output format %q: must be text or json", o.output)
	}
	switch {
	case o.config == "":
		return errors.New("explain needs --config FILE: see kubectl registry-failover explain --help")
	case len(o.manifests)+len(args) == 0:
		return errors.New("explain needs images, or manifests with -f: see kubectl registry-failover explain --help")
	}
	in := &input{stdin: stdin}
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
	} else if entries, err = explainManifests(rewriter, append(o.manifests, args...), in, stderr); err != nil {
		return err
	}
	if c.Admission.Enforcement == config.Audit {
		say(stderr, "admission.enforcement is Audit: the webhook reports this and changes nothing, but in namespaces with the label registry-failover.io/enforcement=Enforce")
	}
	var out bytes.Buffer
	if err := write(&out, entries); err != nil {
		return err
	}
	if _, err := out.WriteTo(stdout); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return nil
}
