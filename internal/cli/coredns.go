package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/internal/clusterdns"
	"github.com/registry-failover/registry-failover/internal/corefile"
)

const corednsLong = `Lead pods to the resolver, by CoreDNS.

Pods that pull or push by themselves ask cluster DNS for the shared endpoint. A
stanza in the Corefile forwards it to the resolver's Service, and to the VPC's DNS
servers while that one is away. It stands between two marks in the ConfigMap
kube-system/coredns, and all other lines stay as they are. Where ACK manages CoreDNS,
its CustomDNSConfig is edited instead.

It takes the shared endpoints and the Service from the product's namespace, which is
registry-failover, or another with --namespace.`

const corednsExample = `  # See what would be added, and what stands in front of CoreDNS
  kubectl registry-failover coredns --print

  # Add it, or bring it up to date
  kubectl registry-failover coredns --apply

  # Take it away
  kubectl registry-failover coredns --remove`

// dnsService is the resolver's Service for pods.
const dnsService = "registry-failover-resolver-dns"

type corednsOptions struct {
	print, apply, remove bool
	output               string
	kube                 *genericclioptions.ConfigFlags
}

// corednsReport is what coredns prints as JSON.
type corednsReport struct {
	// Object is where cluster DNS has its configuration.
	Object  string   `json:"object"`
	Zones   []string `json:"zones"`
	Address string   `json:"address"`
	// Text is what belongs there; empty with --remove.
	Text string `json:"text"`
	// Notes are the sentences that stderr has as well.
	Notes []string `json:"notes"`
}

func newCoreDNS() *cobra.Command {
	o := corednsOptions{kube: clusterFlags()}
	cmd := &cobra.Command{
		Use:                   "coredns (--print | --apply | --remove) [--namespace NS] [-o table|json]",
		Short:                 "Lead pods to the resolver, by CoreDNS",
		Long:                  corednsLong,
		Example:               corednsExample,
		Args:                  cobra.NoArgs,
		DisableFlagsInUseLine: true,
		RunE:                  o.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.print, "print", false, "print what --apply would add, and change nothing")
	flags.BoolVar(&o.apply, "apply", false, "add it, or bring it up to date")
	flags.BoolVar(&o.remove, "remove", false, "take it away")
	addOutput(flags, &o.output)
	o.kube.AddFlags(flags)
	return cmd
}

func (o *corednsOptions) run(cmd *cobra.Command, _ []string) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	chosen := 0
	for _, flag := range []bool{o.print, o.apply, o.remove} {
		if flag {
			chosen++
		}
	}
	if chosen != 1 {
		return errors.New("coredns needs one of --print, --apply and --remove: see kubectl registry-failover coredns --help")
	}
	d, err := connectDNS(o.kube)
	if err != nil {
		return err
	}
	var notes bytes.Buffer
	report := corednsReport{Object: d.coredns.String(), Zones: []string{}}
	if d.managed != nil {
		report.Object = d.managed.String()
	}
	if err := o.carryOut(cmd.Context(), d, &report, io.MultiWriter(cmd.ErrOrStderr(), &notes)); err != nil {
		return err
	}
	if o.output == outputJSON {
		report.Notes = strings.FieldsFunc(notes.String(), func(r rune) bool { return r == '\n' })
		err = writeIndented(cmd.OutOrStdout(), report)
	} else if o.print {
		_, err = io.WriteString(cmd.OutOrStdout(), report.Text)
	}
	if err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return nil
}

func (o *corednsOptions) carryOut(ctx context.Context, d *dnsCluster, report *corednsReport, stderr io.Writer) error {
	if o.remove {
		return d.remove(ctx, stderr)
	}
	zones, address, err := d.route(ctx)
	if err != nil {
		return err
	}
	report.Zones, report.Address = zones, address
	if report.Text, err = d.text(zones, address); err != nil {
		return err
	}
	if o.apply {
		if err := d.apply(ctx, zones, address, stderr); err != nil {
			return err
		}
	}
	if sentence, err := clusterdns.FindNodeLocal(ctx, d.apps, d.core); err != nil {
		say(stderr, err.Error())
	} else if sentence != "" {
		say(stderr, "WARNING: "+sentence)
	}
	return nil
}

// route is which names are led where.
func (d *dnsCluster) route(ctx context.Context) (zones []string, address string, err error) {
	c, err := readClusterConfig(ctx, d.core, d.namespace)
	if err != nil {
		return nil, "", fmt.Errorf("is the product in namespace %s, or in another that --namespace should name? %w", d.namespace, err)
	}
	for _, e := range c.Endpoints {
		zones = append(zones, e.Name)
	}
	service, err := d.core.Services(d.namespace).Get(ctx, dnsService, metav1.GetOptions{})
	if err != nil {
		return nil, "", fmt.Errorf("the address of the resolver's Service can't be read: %w", err)
	}
	if address = service.Spec.ClusterIP; address == "" || address == "None" {
		return nil, "", fmt.Errorf("the resolver's Service %s/%s has no address: set dns.clusterIP in the chart's values, or let the cluster choose", d.namespace, dnsService)
	}
	return zones, address, nil
}

// text is what belongs there.
func (d *dnsCluster) text(zones []string, address string) (string, error) {
	if d.managed == nil {
		return corefile.Stanza(zones, address), nil
	}
	made, err := yaml.Marshal(clusterdns.Manifest(zones, address).Object)
	return string(made), err
}

func (d *dnsCluster) apply(ctx context.Context, zones []string, address string, stderr io.Writer) error {
	const asItWas = "nothing is written; --print shows what belongs there"
	names := strings.Join(zones, ", ")
	if d.managed != nil {
		if err := d.managed.Apply(ctx, zones, address); err != nil {
			return fmt.Errorf("%v: %w; %s", d.managed, err, asItWas)
		}
		say(stderr, fmt.Sprintf("%v leads %s to %s. ACK doesn't say whether a CoreDNS that it manages reaches the address of a Service: "+
			"look the name up in a pod, and take this back with --remove if there is no answer.", d.managed, names, address))
		return nil
	}
	text, changed, err := d.coredns.Apply(ctx, zones, address)
	switch {
	case apierrors.IsNotFound(err):
		return fmt.Errorf("there is no %v: put what --print shows where your cluster DNS has its configuration", d.coredns)
	case err != nil:
		return fmt.Errorf("%v: %w; %s", d.coredns, err, asItWas)
	case !changed:
		say(stderr, fmt.Sprintf("%v leads %s to %s already.", d.coredns, names, address))
	default:
		say(stderr, fmt.Sprintf("%v leads %s to %s; its annotation %s has the Corefile without that.", d.coredns, names, address, clusterdns.Backup))
	}
	sayReload(text, stderr)
	return nil
}

// sayReload tells when a change counts.
func sayReload(text string, stderr io.Writer) {
	blocks, err := corefile.Parse(text)
	reloads := func(b corefile.Block) bool { return len(b.Using("reload")) > 0 }
	if err == nil && slices.ContainsFunc(blocks, reloads) {
		say(stderr, "CoreDNS reads a change within about two minutes.")
		return
	}
	say(stderr, "The Corefile has no plugin reload: CoreDNS reads a change with `kubectl -n kube-system rollout restart deployment coredns`.")
}

func (d *dnsCluster) remove(ctx context.Context, stderr io.Writer) error {
	nothing := true
	if d.managed != nil {
		removed, err := d.managed.Remove(ctx)
		if err != nil {
			return fmt.Errorf("%v: %w", d.managed, err)
		}
		if removed {
			nothing = false
			say(stderr, fmt.Sprintf("Our zones are removed from %v.", d.managed))
		}
	}
	changed, left, err := d.coredns.Remove(ctx)
	if err != nil {
		return fmt.Errorf("%v: %w", d.coredns, err)
	}
	if changed {
		say(stderr, fmt.Sprintf("The stanza is removed from %v.", d.coredns))
	} else if nothing && len(left) == 0 {
		say(stderr, "Cluster DNS has nothing of ours.")
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		err = errors.Join(err, fmt.Errorf("%v, key %s, is left as it is: %w: remove what belongs to it with `kubectl -n %s edit configmap %s`",
			d.coredns, key, left[key], d.coredns.Namespace, d.coredns.Name))
	}
	return err
}
