package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"

	"github.com/registry-failover/registry-failover/internal/drill"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/switching"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// drillRun is one drill.
type drillRun struct {
	*drillOptions
	moving   []string // nodes
	cluster  *switching.Cluster
	config   *config.Config
	endpoint config.Endpoint
	zone     zone.Endpoint
	target   zone.Target
	by       string
}

// connect reads the configuration of the cluster, and what of the flags depends on it.
func (o *drillOptions) connect(ctx context.Context, nodes []string) (*drillRun, error) {
	cluster, read, err := openSwitching(ctx, o.kube)
	if err != nil {
		return nil, err
	}
	d := &drillRun{drillOptions: o, moving: nodes, cluster: cluster, config: read}
	if d.endpoint, err = (&switchOptions{endpoint: o.endpoint}).chooseEndpoint(d.config); err != nil {
		return nil, err
	}
	for _, z := range d.config.Zones() {
		if z.Name == d.endpoint.Name {
			d.zone = z
		}
	}
	if d.target, err = d.chooseTarget(); err != nil {
		return nil, err
	}
	if d.cluster.WithoutNodes && len(nodes) > 0 {
		return nil, errors.New("--nodes: node.hosts is Off in the configuration, so that no node can be led elsewhere")
	}
	d.by = d.cluster.Who(ctx)
	return d, nil
}

// chooseTarget reads where to: any instance, the primary as well, whose turn comes with a failback.
func (d *drillRun) chooseTarget() (zone.Target, error) {
	parsed, err := d.zone.ParseSwitch(d.to)
	if strings.ContainsAny(d.to, ":\n") || err != nil || parsed.To.FollowsPrivateZone() {
		words := slices.DeleteFunc(d.zone.Words(), func(word string) bool { return word == zone.PrivateZone })
		return zone.Target{}, fmt.Errorf("--to %q: must be one of %s", d.to, strings.Join(words, ", "))
	}
	return parsed.To, nil
}

// play goes through the parts. The result is nil where there is nothing to tell beside the error.
func (d *drillRun) play(ctx context.Context, tell func(string)) (*drillResult, error) {
	begin := time.Now()
	r := &drillResult{DryRun: d.dryRun, Report: drill.Report{
		Endpoint: d.endpoint.Name, Target: d.target.String(), Instance: d.target.Instance, Begin: begin.UTC().Truncate(time.Second), By: d.by,
	}}
	probers, err := d.cluster.ProberReports(ctx)
	if err != nil {
		return nil, err
	}
	move, err := d.move(ctx) // before anybody is asked
	if err != nil {
		return nil, err
	}
	r.Value = move.value
	if d.dryRun {
		r.Parts, r.Recovery = d.foreseen(probers), drill.Expect(d.config.Health, d.config.Failover.Mode, drill.Times{})
		return r, nil
	}
	identity, answer, err := d.ask(ctx, probers, tell)
	if err != nil {
		return nil, err
	}
	images, slowest := drill.ReadImages(answer, d.config.Failover.ReadyShare)
	r.Parts = []drill.Part{identity, images}
	times := drill.Times{Read: slowest}
	switch {
	case move.value == "":
	case identity.Outcome != drill.Passed: // nobody is led to what isn't proven
		r.Parts = append(r.Parts, drill.Part{Part: drill.Switch, Outcome: drill.Unknown, Text: "no node was led there: " + string(drill.Identity) + " isn't proven", Details: []string{}})
	default:
		value, parts := d.lead(ctx, drill.Chosen(answer), &times, tell)
		r.Value, r.Parts = cmp.Or(value, r.Value), append(r.Parts, parts...)
	}
	r.Recovery, r.Seconds = drill.Expect(d.config.Health, d.config.Failover.Mode, times), time.Since(begin).Seconds()
	r.Judge()
	return r, d.finish(ctx, r, tell)
}

// finish records the drill, and gives the verdict.
func (d *drillRun) finish(ctx context.Context, r *drillResult, tell func(string)) error {
	err := context.Cause(ctx)
	if err == nil {
		err = d.record(ctx, r.Report)
	}
	r.Recorded = err == nil
	if err != nil {
		r.Problem = "the drill isn't recorded: " + err.Error()
		tell(r.Problem)
	}
	if r.Succeeded {
		return nil
	}
	var wrong []string
	for _, name := range r.Wrong() {
		wrong = append(wrong, string(name))
	}
	r.Problem = "not proven: " + strings.Join(wrong, ", ")
	return verdict{exitFailed, r.Problem}
}

// foreseen are the parts that would be played, and what is known of them already.
func (d *drillRun) foreseen(reports []coordinationv1.Lease) []drill.Part {
	skipped := func(name drill.PartName, text string) drill.Part {
		return drill.Part{Part: name, Outcome: drill.Skipped, Text: text, Details: []string{}}
	}
	probers := 0
	for _, l := range reports {
		if _, err := healthreport.Parse(l.Annotations); err == nil {
			probers++
		}
	}
	parts := []drill.Part{
		skipped(drill.Identity, fmt.Sprintf("%s would be waited for", several(probers, "prober", "probers"))),
		skipped(drill.Images, fmt.Sprintf("the controller would be asked to read %s of those that run", several(d.sample, "image", "images"))),
	}
	if len(d.moving) > 0 {
		parts = append(parts, skipped(drill.Switch, fmt.Sprintf("%s would be led to %s, for %s at most", strings.Join(d.moving, ", "), d.target, duration(d.period))))
	}
	if d.podNamespace != "" {
		parts = append(parts, skipped(drill.Pull, "a pod in the namespace "+d.podNamespace+" would pull one of the images"))
	}
	return parts
}

func (d *drillRun) key() healthreport.Key {
	return healthreport.Key{Endpoint: d.endpoint.Name, Instance: d.target.Instance, Network: d.target.Network}
}
