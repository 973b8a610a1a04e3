package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// patience is how long a shell waits for names at most.
const patience = 2 * time.Second

// lister gives what a flag's value may be. Where it can't be known there is none:
// nobody who types wants to read why.
type lister func(ctx context.Context, cmd *cobra.Command) []string

// liveNames are by the names of flags, whichever verb has them.
var liveNames = map[string]lister{
	"output":        fixed(outputTable, outputJSON),
	"to":            switchWords,
	"from":          switchWords,
	"endpoint":      endpointNames,
	"nodes":         nodeNames,
	"namespace":     namespaceNames,
	"pod-namespace": namespaceNames,
	"context":       contextNames,
	"override":      fixed(ruleNames()...),
}

// files are flags whose value is a file; of all others without names nothing is offered.
var files = []string{"config", "filename", "credentials-dir", "kubeconfig", "cache-dir", "certificate-authority", "client-certificate", "client-key"}

// completeLive lets every verb below a command complete names.
func completeLive(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		if cmd.ValidArgsFunction == nil && cmd.ValidArgs == nil {
			cmd.ValidArgsFunction = completeArguments
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if _, has := cmd.GetFlagCompletionFunc(f.Name); has || slices.Contains(files, f.Name) {
				return
			}
			if err := cmd.RegisterFlagCompletionFunc(f.Name, liveNames[f.Name].complete); err != nil {
				panic(err) // the flag is there, and has none
			}
		})
	}
}

// completeArguments offers files where arguments are manifests.
func completeArguments(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	if f := cmd.Flags().Lookup("filename"); f != nil && f.Changed {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// complete offers each name once, and nil none; of a list with commas it completes the last one.
func (n lister) complete(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), patience)
	defer cancel()
	if n == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	before := typed[:strings.LastIndex(typed, ",")+1]
	given := strings.Split(before, ",")
	var offers []string
	for _, name := range n(ctx, cmd) {
		if offer := before + name; strings.HasPrefix(offer, typed) && !slices.Contains(given, name) && !slices.Contains(offers, offer) {
			offers = append(offers, offer)
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}

func fixed(names ...string) lister {
	return func(context.Context, *cobra.Command) []string { return names }
}

// switchWords are those of the endpoint that is named, or of all.
func switchWords(ctx context.Context, cmd *cobra.Command) []string {
	c, err := typedConfig(ctx, cmd)
	if err != nil {
		return nil
	}
	var words []string
	for _, e := range c.Zones() {
		if f := cmd.Flags().Lookup("endpoint"); f == nil || !f.Changed || f.Value.String() == e.Name {
			words = append(words, e.Words()...)
		}
	}
	return words
}

func endpointNames(ctx context.Context, cmd *cobra.Command) []string {
	c, err := typedConfig(ctx, cmd)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range c.Endpoints {
		names = append(names, e.Name)
	}
	return names
}

func nodeNames(ctx context.Context, cmd *cobra.Command) []string {
	_, client, err := connect(typedCluster(cmd))
	if err != nil {
		return nil
	}
	var names []string
	_ = each(ctx, metav1.ListOptions{}, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.Nodes().List(ctx, o)
	}, func(n *corev1.Node) { names = append(names, n.Name) })
	return names
}

func namespaceNames(ctx context.Context, cmd *cobra.Command) []string {
	_, client, err := connect(typedCluster(cmd))
	if err != nil {
		return nil
	}
	var names []string
	_ = each(ctx, metav1.ListOptions{}, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.Namespaces().List(ctx, o)
	}, func(n *corev1.Namespace) { names = append(names, n.Name) })
	return names
}

func contextNames(_ context.Context, cmd *cobra.Command) []string {
	raw, err := typedCluster(cmd).ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil
	}
	var names []string
	for name := range raw.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// typedConfig is the configuration of the file that was typed, else the cluster's.
func typedConfig(ctx context.Context, cmd *cobra.Command) (*config.Config, error) {
	if f := cmd.Flags().Lookup("config"); f != nil && f.Changed && f.Value.String() != "-" {
		return readConfig(&input{}, f.Value.String())
	}
	flags := typedCluster(cmd)
	_, client, err := connect(flags)
	if err != nil {
		return nil, fmt.Errorf("no cluster: %w", err)
	}
	return readClusterConfig(ctx, client, *flags.Namespace)
}

// typedCluster has the flags of kubectl as far as they are typed.
func typedCluster(cmd *cobra.Command) *genericclioptions.ConfigFlags {
	flags := clusterFlags()
	*flags.Namespace = productNamespace
	into := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.AddFlags(into)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		target := into.Lookup(f.Name)
		if target == nil {
			return
		}
		values := []string{f.Value.String()}
		if several, is := f.Value.(pflag.SliceValue); is {
			values = several.GetSlice()
		}
		for _, value := range values {
			_ = target.Value.Set(value) // as it was taken once
		}
	})
	return flags
}
