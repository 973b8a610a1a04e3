package switching

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/registry-failover/registry-failover/internal/saferules"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// A World is what [Run] looks at and writes to; [Cluster] is one.
type World interface {
	Look(ctx context.Context) (View, error)
	Told(ctx context.Context, endpoint string) saferules.Told
	Throw(ctx context.Context, endpoint, read, value string) error
}

// A Course is what to run.
type Course struct {
	Endpoint zone.Endpoint
	Primary  string
	Steps    []Step
	// Read is the value that stood there when the rules were asked.
	Read string
	// Timeout is for the proof of each step, Pause between one's proof and the next.
	Timeout, Pause time.Duration
	// Mind is what must not fall ill, as the probers know it; its zero value is nothing.
	Mind zone.Target
	// Say is told each piece of news, for people.
	Say func(string)
}

// A Done is what became of a step.
type Done struct {
	Share   int    `json:"share"`
	Value   string `json:"value"`
	Written bool   `json:"written"`
	// Proof is nil where the value wasn't written.
	Proof *Proof `json:"proof"`
}

const (
	// poll is how often reports are read while they are waited for.
	poll = 200 * time.Millisecond
	// lastLook is how long a look may take at least.
	lastLook = 5 * time.Second
)

// Run writes the steps one after the other, each one only when the one before is proven.
// An error says that something could not be read or written; then, too, the steps tell how far
// it got. It doesn't take back what it has written: a share stays where it is.
func Run(ctx context.Context, w World, c Course) ([]Done, error) {
	done := make([]Done, 0, len(c.Steps))
	for _, s := range c.Steps {
		done = append(done, Done{Share: s.Share, Value: s.Value})
	}
	read, stuck := c.Read, known(c.told(ctx, w).Stuck)
	for n := range c.Steps {
		since, err := c.view(ctx, w)
		if err != nil {
			return done, err
		}
		before := since.Now
		step := c.Steps[n]
		begin := time.Now()
		if step.Stands {
			since = View{} // every report is of this value
		} else {
			if err := c.throw(ctx, w, read, step.Value); err != nil {
				return done, err
			}
			done[n].Written = true
			c.Say(fmt.Sprintf("%s: written: %s", c.Endpoint.Name, describe(step)))
		}
		read = step.Value
		claim := Claim{Endpoint: c.Endpoint, Step: step, Primary: c.Primary, Since: since}
		proof, err := c.prove(ctx, w, claim, begin)
		done[n].Proof = &proof
		if err != nil || !proof.Proven {
			return done, err
		}
		c.Say(fmt.Sprintf("%s: %s", c.Endpoint.Name, proof.Sentence()))
		if n < len(c.Steps)-1 {
			if err := sleep(ctx, c.Pause); err != nil {
				return done, err
			}
		}
		if err := c.after(ctx, w, claim, &proof, before, stuck); err != nil || !proof.Proven {
			return done, err
		}
	}
	return done, nil
}

// prove looks until the step is proven or the time is over. An API server that is away
// for a moment is no reason to give up.
func (c Course) prove(ctx context.Context, w World, claim Claim, begin time.Time) (Proof, error) {
	var p Proof
	said := ""
	for {
		asked := time.Now()
		seen, err := c.look(ctx, w, claim, c.Timeout-time.Since(begin))
		now := ""
		waited := time.Since(begin)
		switch {
		case err != nil && (waited >= c.Timeout || apierrors.IsForbidden(err) || errors.Is(err, ErrMeanwhile) || ctx.Err() != nil):
			p.Seconds, p.Problem = waited.Seconds(), err.Error()
			return p, err
		case err != nil:
			now = err.Error()
		default:
			p = seen
			now = p.Problem
		}
		p.Seconds = waited.Seconds()
		if p.Proven || waited >= c.Timeout {
			return p, nil
		}
		if now != said {
			c.Say(c.Endpoint.Name + ": " + now)
			said = now
		}
		// Of a large cluster much is read: at most a third of the time goes into it.
		pause := max(poll, 2*time.Since(asked))
		if err := sleep(ctx, min(pause, c.Timeout-waited)); err != nil {
			p.Problem = "it was not waited for any longer"
			return p, err
		}
	}
}

// look judges what there is to see now.
func (c Course) look(ctx context.Context, w World, claim Claim, left time.Duration) (Proof, error) {
	ctx, cancel := context.WithTimeout(ctx, max(left, lastLook))
	defer cancel()
	v, err := w.Look(ctx)
	if err != nil {
		return Proof{}, err
	}
	if stands := v.Switch.Data[c.Endpoint.Name]; stands != claim.Step.Value {
		return Proof{}, fmt.Errorf("%w: it says %q", ErrMeanwhile, stands)
	}
	return Prove(claim, v), nil
}

// view doesn't wait much longer than asked for an API server that is silent; nor do told
// and throw.
func (c Course) view(ctx context.Context, w World) (View, error) {
	ctx, cancel := context.WithTimeout(ctx, max(c.Timeout, lastLook))
	defer cancel()
	return w.Look(ctx)
}

func (c Course) told(ctx context.Context, w World) saferules.Told {
	ctx, cancel := context.WithTimeout(ctx, max(c.Timeout, lastLook))
	defer cancel()
	return w.Told(ctx, c.Endpoint.Name)
}

// throw writes a value. Where no answer comes, what stands there tells what has become of it.
func (c Course) throw(ctx context.Context, w World, read, value string) error {
	within, cancel := context.WithTimeout(ctx, max(c.Timeout, lastLook))
	defer cancel()
	err := w.Throw(within, c.Endpoint.Name, read, value)
	if err == nil || errors.Is(err, ErrMeanwhile) || apierrors.IsForbidden(err) || apierrors.IsInvalid(err) {
		return err
	}
	switch v, unread := c.view(ctx, w); {
	case unread != nil:
		return fmt.Errorf("whether the switch was written isn't known: %w", err)
	case v.Switch.Data[c.Endpoint.Name] == value:
		return nil
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// describe is a step for people.
func describe(s Step) string {
	if s.Share == All {
		return "all nodes and pods to " + s.Switch.To.String()
	}
	return fmt.Sprintf("%d %% of the nodes to %s", s.Share, s.Switch.To)
}

// Sentence is the proof for people.
func (p Proof) Sentence() string {
	text := fmt.Sprintf("%d of %s switched", p.Switched, several(p.Nodes, "node", "nodes"))
	if p.Moved < p.Nodes {
		text += fmt.Sprintf(", %d of them moved", p.Moved)
	}
	switch {
	case p.Probers == 0 && p.Nodes > 0:
		text += ", and no prober there tells who serves them"
	case p.Probers > 0:
		text += fmt.Sprintf(", %d of %s by %s", p.Served, several(p.Probers, "prober is served", "probers are served"), p.Serving)
	}
	return fmt.Sprintf("%s, in %.1f s", text, p.Seconds)
}
