package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/registry-failover/registry-failover/internal/rollout"
)

const statusLong = `Tell for each shared endpoint what the switch says and how many of the
cluster's nodes have applied it, which haven't and why, what else nodes report,
how well the instances do, how many of the images that pods run each of them has,
what the controller tells of PrivateZone, what automatic mode does, which pods wait
for an image, and which on the host network keep a copy of the hosts file from before.

With --images it tells instead of each image that not every instance has, and of the
workloads that name it; for that it gets the ConfigMaps registry-failover-images and
registry-failover-status beside the configuration.

With --wait it returns when every node has applied the switch, and with --watch it
goes on telling until it is interrupted. It asks with your
own rights: to get three ConfigMaps and list Leases in the product's namespace, and
to list nodes and pods. It says where it can do without.`

const statusExample = `  # Where do pulls lead now?
  kubectl registry-failover status

  # After the switch was thrown
  kubectl registry-failover status --wait --timeout 30s

  # While something happens
  kubectl registry-failover status -w

  # What would not start after a failover?
  kubectl registry-failover status --images`

type statusOptions struct {
	wait    bool
	watch   bool
	images  bool
	timeout time.Duration
	output  string
	kube    *genericclioptions.ConfigFlags
}

func newStatus() *cobra.Command {
	o := statusOptions{kube: clusterFlags()}
	*o.kube.Namespace = productNamespace
	cmd := &cobra.Command{
		Use:                   "status [--watch | --wait [--timeout DURATION] | --images] [-o table|json]",
		Short:                 "Tell which nodes have applied the switch",
		Long:                  statusLong,
		Example:               statusExample,
		DisableFlagsInUseLine: true,
		RunE:                  o.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.wait, "wait", false, "wait until every node has applied the switch")
	flags.BoolVarP(&o.watch, "watch", "w", false, "go on, and tell when something has changed")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "how `LONG` to wait at most, such as 90s")
	flags.BoolVar(&o.images, "images", false, "tell instead which images not every instance has, and whose they are")
	addOutput(flags, &o.output)
	o.kube.AddFlags(flags)
	flags.Lookup("namespace").Usage = "the namespace that the product is installed in"
	return cmd
}

func (o *statusOptions) run(cmd *cobra.Command, args []string) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	switch {
	case len(args) > 0:
		return fmt.Errorf("unexpected argument %q: status tells of all endpoints", args[0])
	case o.timeout <= 0:
		return fmt.Errorf("--timeout %s: must be longer than nothing", o.timeout)
	case o.wait && o.watch:
		return errors.New("--wait ends and --watch doesn't: give one of them")
	case !o.wait && cmd.Flags().Changed("timeout"):
		return errors.New("--timeout needs --wait: without it nothing is waited for")
	case o.images && (o.wait || o.watch):
		return errors.New("--images goes without --wait and --watch: it tells what has been found already")
	case o.images:
		return o.runImages(cmd)
	}
	client, err := newStatusClient(o.kube)
	if err != nil {
		return err
	}
	tell := func(sentence string) { say(cmd.ErrOrStderr(), sentence) }
	if o.watch {
		return o.follow(cmd.Context(), client, newScreen(cmd.OutOrStdout()), tell)
	}
	result, err := o.look(cmd.Context(), client, tell)
	if err != nil {
		return err
	}
	out, err := o.render(result, time.Now())
	if err != nil {
		return err
	}
	if _, err := out.WriteTo(cmd.OutOrStdout()); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return o.judge(result)
}

func (o *statusOptions) render(result statusResult, now time.Time) (*bytes.Buffer, error) {
	var out bytes.Buffer
	if o.output == outputJSON {
		return &out, writeIndented(&out, result)
	}
	writeStatus(&out, result, now)
	return &out, nil
}

// look reads what there is, with --wait until it is as it should be or the time is over.
func (o *statusOptions) look(ctx context.Context, client *statusClient, tell func(string)) (statusResult, error) {
	var r statusResult
	begin := time.Now()
	first, cancelFirst := o.limited(ctx, o.timeout)
	defer cancelFirst()
	in, err := client.read(first)
	if err != nil {
		return r, err
	}
	told := ""
	for {
		asked := time.Now()
		err := o.readRollout(ctx, client, &in, &r, o.timeout-time.Since(begin))
		waited := time.Since(begin)
		over := !o.wait || waited >= o.timeout
		now := ""
		switch {
		case err != nil && (over || apierrors.IsForbidden(err)):
			return r, err
		case err != nil: // an API server that is away for a moment is no reason to give up
			now = err.Error()
		default:
			r.Status = rollout.Judge(in)
			over = over || r.Switched()
			now = progress(r.Status)
		}
		if over {
			break
		}
		if now != told {
			tell(now)
			told = now
		}
		// Of a large cluster much is read: at most a third of the time goes into it.
		pause := max(poll, 2*time.Since(asked))
		select {
		case <-time.After(min(pause, o.timeout-waited)):
		case <-ctx.Done():
			return r, ctx.Err()
		}
	}
	if o.wait {
		r.Seconds = new(time.Since(begin).Seconds())
	}
	rest, cancel := o.limited(ctx, lastLook)
	defer cancel()
	r.Cloud, r.Health = client.published(rest, tell)
	r.Automatic = judgeAutomatic(client.config, client.told, time.Now())
	r.Readiness = client.readiness(time.Now())
	r.Stuck = judgeStuck(client.config, client.told, time.Now())
	r.Drills = client.drills(rest, tell)
	in.Pods = client.pods(rest, tell)
	in.Now = time.Now()
	r.Status = rollout.Judge(in)
	if in.Pods == nil || r.NodesProblem != "" {
		r.Pods = nil // not known, in JSON null
	}
	return r, nil
}

// readRollout reads what one look at the nodes goes by.
func (o *statusOptions) readRollout(ctx context.Context, client *statusClient, in *rollout.Input, r *statusResult, left time.Duration) error {
	ctx, cancel := o.limited(ctx, left)
	defer cancel()
	if err := client.readSwitch(ctx, in); err != nil {
		return err
	}
	err := client.readNodes(ctx, in)
	if apierrors.IsForbidden(err) && !o.wait { // the rest is worth telling
		r.NodesProblem, in.Nodes, in.Leases, err = err.Error(), nil, nil, nil
	}
	return err
}

const (
	// poll is how often the nodes' reports are read while they are waited for.
	poll = 200 * time.Millisecond
	// lastLook is how long the look at the end of the time may take, and the list of pods.
	lastLook = 5 * time.Second
)

// limited doesn't let a reader wait much longer than asked for an API server that is silent.
func (o *statusOptions) limited(ctx context.Context, left time.Duration) (context.Context, context.CancelFunc) {
	if !o.wait {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, max(left, lastLook))
}

func (o *statusOptions) judge(r statusResult) error {
	if r.NodesProblem != "" {
		return verdict{exitNotRun, r.NodesProblem}
	}
	if r.Switched() {
		return nil
	}
	v := verdict{exitFailed, progress(r.Status)}
	if o.wait {
		v = verdict{exitTimedOut, fmt.Sprintf("after %s: %s", o.timeout, v.sentence)}
	}
	return v
}
