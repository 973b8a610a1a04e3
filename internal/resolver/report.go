package resolver

import (
	"log/slog"
	"slices"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// report logs what has changed since it was called last: problems that came or
// went, and answers that lead elsewhere. What stays as it is is not repeated.
type report struct {
	log      *slog.Logger
	problems []string
	answers  map[string]string
}

func (r *report) tell(c *Core) {
	problems := c.Problems()
	for _, p := range problems {
		if !slices.Contains(r.problems, p) {
			r.log.Warn("there is a problem", "problem", p)
		}
	}
	for _, p := range r.problems {
		if !slices.Contains(problems, p) {
			r.log.Info("a problem is gone", "problem", p)
		}
	}
	r.problems = problems
	answers := map[string]string{}
	for _, e := range c.endpoints {
		if e.answer == nil {
			continue
		}
		answers[e.Name] = e.answer.Target.String()
		if r.answers[e.Name] != answers[e.Name] {
			r.log.Info("the answer leads to another target", "endpoint", e.Name, "target", answers[e.Name], "addresses", e.answer.Addrs, "cname", e.answer.CNAME)
		}
	}
	r.answers = answers
}

// Problems are sentences about what can't be read, and about what stands there
// but is not in force; each once.
func (c *Core) Problems() []string {
	var all []string
	add := func(problem string) {
		if problem != "" && !slices.Contains(all, problem) {
			all = append(all, problem)
		}
	}
	add(c.read.Switch.Problem)
	if c.source == config.API { // else an installation without a controller is in order, and has no state
		add(c.read.State.Problem)
	}
	for _, e := range c.endpoints {
		for _, problem := range e.problems() {
			add(problem)
		}
	}
	return all
}
