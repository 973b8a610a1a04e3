package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/saferules"
	"github.com/registry-failover/registry-failover/internal/switching"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// switchRun is one failover or failback.
type switchRun struct {
	*switchOptions
	want     wishes
	cluster  *switching.Cluster
	config   *config.Config
	endpoint config.Endpoint
	target   zone.Target
}

// connect reads the configuration of the cluster, and what of the flags depends on it.
func (o *switchOptions) connect(ctx context.Context, w wishes) (*switchRun, error) {
	ctx, cancel := o.within(ctx)
	defer cancel()
	cluster, read, err := openSwitching(ctx, o.kube)
	if err != nil {
		return nil, err
	}
	s := &switchRun{switchOptions: o, want: w, cluster: cluster, config: read}
	if s.endpoint, err = o.chooseEndpoint(s.config); err != nil {
		return nil, err
	}
	for _, z := range s.config.Zones() {
		if z.Name == s.endpoint.Name {
			s.target, err = o.chooseTarget(z, s.endpoint.Primary)
		}
	}
	if err == nil && s.cluster.WithoutNodes && len(w.waves) > 0 && w.waves[0] != switching.All {
		err = errors.New("--waves: node.hosts is Off in the configuration, so that no node is moved")
	}
	return s, err
}

// carryOut asks the rules, and where they hold does what they are asked for. The result is nil where there is
// nothing to tell beside the error.
func (s *switchRun) carryOut(ctx context.Context, tell func(string)) (*switchResult, error) {
	g, err := s.gather(ctx)
	if err != nil {
		return nil, err
	}
	g.Facts.Target = s.target
	if g.Problem != "" {
		tell(g.Problem + ": what is in force is " + g.Facts.Standing.To.String())
	}
	plan := switching.Plan{
		Endpoint: g.Facts.Endpoint, Read: g.Read, Standing: g.Facts.Standing, Invalid: g.Problem != "", Word: s.to, Target: s.target,
		Waves: s.want.waves, Reason: s.reason, SetBy: s.setter(ctx, s.cluster), Until: s.want.until,
	}
	r := &switchResult{
		Endpoint: s.endpoint.Name, Verb: s.verb.name, Before: g.Read, Target: s.target.String(), DryRun: s.dryRun, Moves: plan.Moves(),
		Rules: []saferules.Verdict{}, Steps: []switching.Done{}, Notes: s.notes(),
	}
	if r.Moves {
		r.Rules = saferules.Judge(g.Facts, s.want.overrides)
		plan.Overridden = saferules.Overridden(r.Rules)
	}
	steps, err := plan.Steps()
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		r.Steps = append(r.Steps, switching.Done{Share: step.Share, Value: step.Value})
	}
	if stopping := saferules.Stopping(r.Rules); len(stopping) > 0 {
		r.Problem = "nothing was written: " + names(stopping)
		return r, verdict{exitFailed, r.Problem}
	}
	if s.dryRun {
		return r, nil
	}
	r.Undo = switching.Undo(s.cluster.Namespace, s.endpoint.Name, g.Before(), s.undoFlags())
	if !steps[0].Stands { // whatever becomes of this program, it is told
		tell("to undo it: " + r.Undo)
	}
	var mind zone.Target
	if r.Moves && !overridden(r.Rules, saferules.TargetHealthy) {
		mind = g.Facts.Serves()
	}
	r.Steps, err = switching.Run(ctx, s.cluster, switching.Course{
		Endpoint: g.Facts.Endpoint, Primary: s.endpoint.Primary, Steps: steps, Read: g.Read, Timeout: s.timeout, Pause: s.pause,
		Mind: mind, Say: tell,
	})
	return r, s.judge(r, err)
}

func (s *switchRun) gather(ctx context.Context) (switching.Gathered, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	return switching.Gather(ctx, s.cluster, s.config, s.endpoint, ownNamespace(s.kube))
}

// rulesPatience is for what the rules are judged by, which may be all pods of the cluster.
const rulesPatience = 30 * time.Second

// within doesn't wait much longer than asked for an API server that is silent.
func (o *switchOptions) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, max(o.timeout, rulesPatience))
}

func overridden(verdicts []saferules.Verdict, name saferules.Name) bool {
	for _, v := range verdicts {
		if v.Rule == name {
			return v.Overridden
		}
	}
	return false
}

// judge gives the exit code, and in the result the sentence to it.
func (s *switchRun) judge(r *switchResult, err error) error {
	written := r.written()
	if !written {
		r.Undo = ""
	}
	switch {
	case errors.Is(err, switching.ErrMeanwhile):
		r.Problem = err.Error() + ": it is left as it is"
		return verdict{exitFailed, r.Problem}
	case err != nil && !written:
		return err
	case err != nil:
		r.Problem = "the switch was written, and what became of it isn't known: " + err.Error()
		if isTimeout(err) {
			return verdict{exitTimedOut, r.Problem}
		}
		return verdict{exitNotRun, r.Problem}
	}
	for n, d := range r.Steps {
		p := d.Proof
		if p == nil || p.Proven {
			continue
		}
		code := exitFailed
		timedOut := p.Seconds >= s.timeout.Seconds()
		r.Problem = p.Problem
		if timedOut {
			r.Problem = fmt.Sprintf("after %s: %s", s.timeout, r.Problem)
		}
		switch {
		case n < len(r.Steps)-1:
			r.Problem += fmt.Sprintf("; the share stays at %d %%: go on with --waves, or undo it", d.Share)
		case timedOut && !p.Refuted && len(r.Steps) == 1:
			code = exitTimedOut
		}
		return verdict{code, r.Problem}
	}
	return nil
}

// worthTelling is a difference of clocks that makes none in the rules.
const worthTelling = 10 * time.Second

// notes are what people should know of every failover.
func (s *switchRun) notes() []string {
	notes := []string{"writers, such as CI that pushes, follow PrivateZone or have a switch of their own: this moves none of them"}
	if s.config.Failover.Mode == config.Automatic {
		if s.target.FollowsPrivateZone() {
			notes = append(notes, "automatic mode looks after this endpoint again")
		} else {
			notes = append(notes, "automatic mode leaves this endpoint alone until it is privatezone again")
		}
	}
	if skew := s.cluster.Clock.Skew(); skew.Abs() >= worthTelling {
		side := "behind"
		if skew < 0 {
			side = "ahead of"
		}
		notes = append(notes, fmt.Sprintf("the clock here is %s %s the API server's, which is gone by", skew.Abs().Round(time.Second), side))
	}
	if s.cluster.WithoutNodes {
		notes = append(notes, "node.hosts is Off: no node reports, so that nothing is proven")
	}
	return notes
}

func names(rules []saferules.Name) string {
	var all []string
	for _, r := range rules {
		all = append(all, string(r))
	}
	return strings.Join(all, ", ")
}
