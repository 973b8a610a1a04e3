package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/registry-failover/registry-failover/internal/checks/cloud"
	"github.com/registry-failover/registry-failover/internal/setup"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const setupLong = `Show the calls of ACR's API that would let a failover succeed which wouldn't now:
synchronization rules, public access and the addresses it lets in, and addresses
of instances in VPCs. What no call does is listed with what to do by hand.

Nothing is changed without --apply, and nothing is ever deleted, narrowed or
disabled: a rule or an entry that is there stays as it is. With --apply the plan
is printed, then each call is made, once, without a question in between; run it
again when one has failed. docs/setup.md has the RAM policy that it needs.`

const setupExample = `  # What is there to do?
  kubectl registry-failover setup --config config.yaml --egress 203.0.113.7

  # Do it, with an address for hangzhou in its VPC
  kubectl registry-failover setup --config config.yaml --egress 203.0.113.7 \
    --vswitch hangzhou=vsw-bp1a --apply`

type setupOptions struct {
	config    string
	apply     bool
	vSwitches []string
	output    string
	cloud     cloudFlags
}

func newSetup() *cobra.Command {
	var o setupOptions
	cmd := &cobra.Command{
		Use:                   "setup --config FILE [--egress ADDRESS]... [--vswitch INSTANCE=ID]... [--apply] [-o table|json]",
		Short:                 "Show the cloud's calls that a failover needs, and make them",
		Long:                  setupLong,
		Example:               setupExample,
		DisableFlagsInUseLine: true,
		RunE:                  o.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.config, "config", "", "`FILE` with the configuration, - for stdin")
	flags.BoolVar(&o.apply, "apply", false, "make the calls")
	flags.StringArrayVar(&o.vSwitches, "vswitch", nil, "`INSTANCE=ID` of the vSwitch in whose VPC the instance gets an address; may be given several times")
	addOutput(flags, &o.output)
	o.cloud.add(flags)
	return cmd
}

func (o *setupOptions) run(cmd *cobra.Command, args []string) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	switch {
	case len(args) > 0:
		return fmt.Errorf("unexpected argument %q: setup is about all endpoints", args[0])
	case o.config == "":
		return errors.New("setup needs --config FILE: see kubectl registry-failover setup --help")
	}
	c, err := readConfig(&input{stdin: cmd.InOrStdin()}, o.config)
	if err != nil {
		return err
	}
	given, err := o.given(c)
	if err != nil {
		return err
	}
	client, err := o.cloud.client(cmd.Context(), c.Cluster.Region)
	switch {
	case errors.Is(err, errNoCredentials):
		return fmt.Errorf("%w: %s", err, credentialsRemedy)
	case err != nil:
		return err
	}
	defer client.Close()
	read := func(ctx context.Context) (setup.Todo, error) {
		world := cloud.Read(ctx, client, c, given.Egress)
		return setup.Plan(ctx, world, given), nothingRead(world)
	}
	todo, err := read(cmd.Context())
	if err != nil {
		return err
	}
	report := setupReport{Applied: o.apply, setupTodo: reportTodo(todo)}
	if err := o.show(cmd, func(out *bytes.Buffer) { writeTodo(out, report.setupTodo) }); err != nil {
		return err
	}
	judged := judgeSetup(todo, nil)
	if o.apply && len(todo.Steps) > 0 {
		outcomes := setup.Apply(cmd.Context(), client, todo, func(outcome setup.Outcome) {
			say(o.progress(cmd), fmt.Sprintf("%d of %d: %s", report.add(outcome), len(todo.Steps), told(outcome)))
		})
		if judged, err = o.afterwards(cmd, &report, outcomes, read); err != nil {
			return err
		}
	}
	if o.output == outputJSON {
		if err := writeIndented(cmd.OutOrStdout(), report); err != nil {
			return fmt.Errorf("the output can't be written: %w", err)
		}
	}
	return judged
}

// afterwards reads again what is left to do, and gives the verdict.
func (o *setupOptions) afterwards(cmd *cobra.Command, report *setupReport, outcomes []setup.Outcome, read func(context.Context) (setup.Todo, error)) (judged, err error) {
	todo, err := read(cmd.Context())
	if err != nil {
		return verdict{exitFailed, fmt.Sprintf("the calls were made, but what came of them can't be read: %v", err)}, nil
	}
	left := reportTodo(todo)
	report.Left = &left
	return judgeSetup(todo, outcomes), o.show(cmd, func(out *bytes.Buffer) { writeLeft(out, left) })
}

// show writes a part of the text as soon as it is known.
func (o *setupOptions) show(cmd *cobra.Command, write func(*bytes.Buffer)) error {
	if o.output != outputTable {
		return nil
	}
	var out bytes.Buffer
	write(&out)
	if _, err := out.WriteTo(cmd.OutOrStdout()); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return nil
}

// progress is where outcomes are told as they come: JSON has them at the end.
func (o *setupOptions) progress(cmd *cobra.Command) io.Writer {
	if o.output == outputTable {
		return cmd.OutOrStdout()
	}
	return cmd.ErrOrStderr()
}

var vSwitchID = regexp.MustCompile(`^vsw-[0-9a-z]+$`)

// given reads what only a person knows.
func (o *setupOptions) given(c *config.Config) (setup.Given, error) {
	g := setup.Given{VSwitches: map[string]string{}}
	var err error
	if g.Egress, err = o.cloud.egressAddresses(); err != nil {
		return g, err
	}
	for _, addr := range g.Egress {
		if !addr.Is4() || !addr.IsGlobalUnicast() || addr.IsPrivate() || carrierGrade.Contains(addr) {
			return g, fmt.Errorf("--egress %s: must be an IPv4 address on the Internet, such as that of the cluster's NAT gateway", addr)
		}
	}
	var names, linkable []string
	for _, e := range c.Endpoints {
		for _, i := range e.Instances {
			names = append(names, i.Name)
			if i.VPCID != "" {
				linkable = append(linkable, i.Name)
			}
		}
	}
	slices.Sort(names)
	for _, text := range o.vSwitches {
		name, id, _ := strings.Cut(text, "=")
		switch {
		case !vSwitchID.MatchString(id):
			return g, fmt.Errorf("--vswitch %q: must be an instance's name and the id of a vSwitch, such as hangzhou=vsw-bp1a", text)
		case !slices.Contains(names, name):
			return g, fmt.Errorf("--vswitch %q: unknown instance %q: one of %s", text, name, strings.Join(slices.Compact(names), ", "))
		case !slices.Contains(linkable, name):
			return g, fmt.Errorf("--vswitch %q: the configuration has no vpcID of %s: set it to the VPC of the vSwitch", text, name)
		case g.VSwitches[name] != "":
			return g, fmt.Errorf("--vswitch %q: %s has a vSwitch already: give one", text, name)
		}
		g.VSwitches[name] = id
	}
	return g, nil
}

// carrierGrade is 100.64.0.0/10 of RFC 6598, which the cloud's own services use.
var carrierGrade = netip.MustParsePrefix("100.64.0.0/10")

// nothingRead is why nothing could be read of any instance: then there is no plan.
func nothingRead(w cloud.World) error {
	var first error
	for _, e := range w.Config.Endpoints {
		for _, i := range e.Instances {
			read := w.Instances[cloud.Key(e, i)]
			for _, err := range []error{read.Description.Err, read.Ways.Err, read.Rules.Err, read.Namespaces.Err} {
				if err == nil {
					return nil
				}
				if first == nil {
					first = err
				}
			}
		}
	}
	return first
}

// judgeSetup makes the exit code 1 while something is left to do.
func judgeSetup(todo setup.Todo, outcomes []setup.Outcome) error {
	failed := 0
	for _, o := range outcomes {
		if o.Result != setup.Done {
			failed++
		}
	}
	switch {
	case failed > 0:
		return verdict{exitFailed, fmt.Sprintf("%d of %d calls weren't carried out: mend what they failed of, then run this again", failed, len(outcomes))}
	case todo.Done():
		return nil
	case outcomes == nil && len(todo.Steps) > 0:
		return verdict{exitFailed, "nothing was changed: make the calls with --apply"}
	default:
		return verdict{exitFailed, "something is left that needs a person"}
	}
}
