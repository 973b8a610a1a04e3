package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/registry-failover/registry-failover/internal/drill"
	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/internal/switching"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// drillMove is the switch of named nodes. Its value is empty where none are named.
type drillMove struct {
	read, value string
	parsed      zone.Switch
	before      switching.View
}

// move works out what to write now: its time begins with the write.
func (d *drillRun) move(ctx context.Context) (drillMove, error) {
	if len(d.moving) == 0 {
		return drillMove{}, nil
	}
	view, err := d.cluster.Look(ctx)
	m := drillMove{before: view}
	if err != nil {
		return m, err
	}
	for _, name := range d.moving {
		if !slices.ContainsFunc(view.Nodes, func(n corev1.Node) bool { return n.Name == name && rollout.HasHostsFile(n) }) {
			return m, fmt.Errorf("--nodes: there is no node %s with a hosts file", name)
		}
	}
	m.read = view.Switch.Data[d.endpoint.Name]
	standing, err := d.zone.ParseSwitch(m.read)
	if err != nil {
		return m, fmt.Errorf("--nodes: what the switch says isn't valid: %w", err)
	}
	wanted := drill.Move{Word: d.to, Target: d.target, Nodes: d.moving, Until: time.Now().Add(d.period), By: d.by}
	if m.value, err = wanted.Value(d.zone, standing); err != nil {
		return m, fmt.Errorf("--nodes: %w", err)
	}
	m.parsed, err = d.zone.ParseSwitch(m.value)
	return m, err
}

// lead throws the switch for the nodes, proves it, has a pod pull there, and leads the
// nodes back, whatever came of it.
func (d *drillRun) lead(ctx context.Context, images []string, times *drill.Times, tell func(string)) (value string, parts []drill.Part) {
	moved := drill.Part{Part: drill.Switch, Outcome: drill.Failed, Details: []string{}}
	m, err := d.move(ctx)
	begin := time.Now()
	if err == nil {
		err = d.cluster.Throw(ctx, d.endpoint.Name, m.read, m.value)
	}
	if err != nil {
		moved.Outcome, moved.Text = drill.Unknown, "no node was led there: "+err.Error()
		if m.value == "" { // nothing was thrown
			return "", []drill.Part{moved}
		}
		// An answer may be lost, of an API server that has written it.
		if undone := d.back(ctx, m); undone != nil && !errors.Is(undone, switching.ErrMeanwhile) {
			moved.Details = append(moved.Details, d.notBack(m, undone))
		}
		return m.value, []drill.Part{moved}
	}
	tell(fmt.Sprintf("%s: %s led to %s; to end it: %s", d.endpoint.Name, strings.Join(d.moving, ", "), d.target,
		switching.Undo(d.cluster.Namespace, d.endpoint.Name, m.read, (&switchOptions{kube: d.kube}).undoFlags())))
	proof, err := d.proof(ctx, m, begin, times)
	serving := served(proof, err)
	var pull drill.Part
	if d.podNamespace != "" {
		pull = drill.Part{Part: drill.Pull, Outcome: drill.Unknown, Text: "no pod was made: the nodes aren't proven", Details: []string{}}
		if err == nil && proof.Proven {
			pull = d.pull(ctx, images, times)
		}
	} else {
		pull = drill.Part{Part: drill.Pull, Outcome: drill.Skipped, Text: "no pod was made: --pod-namespace has one made", Details: []string{}}
	}
	undone := d.back(ctx, m)
	switch {
	case err != nil:
		moved.Outcome, moved.Text = drill.Unknown, "what became of it isn't known: "+err.Error()
	case len(proof.Waiting) > 0:
		moved.Text = fmt.Sprintf("after %s: %s", d.timeout, proof.Problem)
		for _, n := range proof.Waiting {
			moved.Details = append(moved.Details, n.Node+": "+n.Text)
		}
	default:
		moved.Outcome = drill.Passed
		moved.Text = fmt.Sprintf("%s had it after %.1f s, and all others kept what they had", strings.Join(d.moving, ", "), times.Switched.Seconds())
	}
	switch {
	case errors.Is(undone, switching.ErrMeanwhile):
		moved.Details = append(moved.Details, "the switch was thrown by somebody else meanwhile, and is left as it is")
	case undone != nil:
		moved.Outcome = drill.Failed
		moved.Details = append(moved.Details, d.notBack(m, undone))
	default:
		moved.Text += "; they are led back"
	}
	return m.value, []drill.Part{moved, serving, pull}
}

// back writes what stood there before, also when this program is told to end: the nodes shall
// not wait for the controller. It is tried for half a minute.
func (d *drillRun) back(ctx context.Context, m drillMove) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	for {
		err := d.cluster.Throw(ctx, d.endpoint.Name, m.value, m.read)
		if errors.Is(err, switching.ErrMeanwhile) {
			if now, again := d.cluster.Switch(ctx); again == nil && now.Data[d.endpoint.Name] == m.read {
				return nil // by an attempt whose answer was lost
			}
		}
		if err == nil || errors.Is(err, switching.ErrMeanwhile) || apierrors.IsForbidden(err) {
			return err
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return err
		}
	}
}

func (d *drillRun) notBack(m drillMove, err error) string {
	return fmt.Sprintf("the nodes could not be led back, the controller does it at %s: %v", m.parsed.Until.UTC().Format(time.RFC3339), err)
}

// proof waits until every node has the value and every prober on a moved node is served
// by the target.
func (d *drillRun) proof(ctx context.Context, m drillMove, begin time.Time, times *drill.Times) (switching.Proof, error) {
	claim := switching.Claim{Endpoint: d.zone, Step: switching.Step{Value: m.value, Switch: m.parsed}, Primary: d.endpoint.Primary, Since: m.before}
	for {
		asked := time.Now()
		view, err := d.cluster.Look(ctx)
		if err != nil {
			return switching.Proof{}, err
		}
		if stands := view.Switch.Data[d.endpoint.Name]; stands != m.value {
			return switching.Proof{}, fmt.Errorf("%w: it says %q", switching.ErrMeanwhile, stands)
		}
		p := d.withAway(switching.Prove(claim, view))
		p.Seconds = time.Since(begin).Seconds()
		if len(p.Waiting) == 0 && times.Switched == 0 {
			times.Switched = time.Since(begin)
		}
		if p.Proven || time.Since(begin) >= d.timeout {
			return p, nil
		}
		select {
		case <-time.After(max(poll, 2*time.Since(asked))):
		case <-ctx.Done():
			return p, ctx.Err()
		}
	}
}

// withAway has nodes that are not ready waited for, too, where they are to be led there: a
// failover goes on without them, but a drill has nothing else to prove.
func (d *drillRun) withAway(p switching.Proof) switching.Proof {
	for _, n := range p.Away {
		if slices.Contains(d.moving, n.Node) {
			p.Waiting = append(p.Waiting, rollout.Node{Node: n.Node, Text: "it is not ready: " + n.Text})
			p.Proven, p.Problem = false, fmt.Sprintf("%d of %s switched", p.Switched, several(p.Nodes, "node", "nodes"))
		}
	}
	return p
}

// served is the part that the probers on the nodes prove.
func served(p switching.Proof, err error) drill.Part {
	part := drill.Part{Part: drill.Serving, Outcome: drill.Failed, Details: []string{}}
	for _, n := range p.Others {
		part.Details = append(part.Details, n.Node+": "+n.Text)
	}
	text := fmt.Sprintf("%d of %s by %s", p.Served, several(p.Probers, "prober there is served", "probers there are served"), p.Serving)
	switch {
	case err != nil || len(p.Waiting) > 0:
		part.Outcome, part.Text = drill.Unknown, "not every node had it"
	case p.Probers == 0:
		part.Outcome, part.Text = drill.Skipped, "no prober runs on these nodes"
	case len(p.Others) > 0:
		part.Text = text
	default:
		part.Outcome, part.Text = drill.Passed, text
	}
	return part
}
