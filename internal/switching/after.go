package switching

import (
	"context"
	"fmt"
	"time"

	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/saferules"
)

// after looks once more at what shows only when pulls have come: the target's health, and
// pods on moved nodes that wait for an image since the value was written. What it finds
// becomes the proof's problem.
func (c Course) after(ctx context.Context, w World, claim Claim, p *Proof, since time.Time, before map[string]bool) error {
	v, err := c.view(ctx, w)
	if err != nil {
		return err
	}
	if stands := v.Switch.Data[c.Endpoint.Name]; stands != claim.Step.Value {
		return fmt.Errorf("%w: it says %q", ErrMeanwhile, stands)
	}
	told := c.told(ctx, w)
	for _, i := range c.health(v, told) {
		if i.Instance == c.Mind.Instance && i.Network == string(c.Mind.Network) && i.Level.Bad() {
			p.Proven, p.Problem = false, fmt.Sprintf("the probers see %s %s: %s", c.Mind, i.Level, i.Reason)
			return nil
		}
	}
	if told.Stuck == nil {
		return nil
	}
	for _, pod := range told.Stuck.List {
		if name := pod.Namespace + "/" + pod.Name; claim.moves(pod.Node) && pod.Since.After(since) && !before[name] {
			p.Proven, p.Problem = false, fmt.Sprintf("the pod %s on %s waits for %s since then", name, pod.Node, pod.Image)
			return nil
		}
	}
	return nil
}

// known are the pods that are stuck already.
func known(s *saferules.Stuck) map[string]bool {
	names := map[string]bool{}
	if s != nil {
		for _, pod := range s.List {
			names[pod.Namespace+"/"+pod.Name] = true
		}
	}
	return names
}

// health is judged from the probers' reports, which are newer than what the controller tells.
func (c Course) health(v View, told saferules.Told) []healthquorum.Instance {
	wanted := 0
	if told.Health != nil {
		wanted = told.Health.Wanted
	}
	return Health(v, c.Endpoint, wanted)
}
