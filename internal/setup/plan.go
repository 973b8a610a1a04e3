package setup

import (
	"context"
	"net/netip"
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/checks/cloud"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Given is what only a person knows.
type Given struct {
	// Egress are the addresses that the cluster has on the Internet, as its NAT
	// gateways'. IPv4, as ACR's list takes them.
	Egress []netip.Addr
	// VSwitches are where an instance gets its address in its VPC, by the
	// instance's name in the configuration.
	VSwitches map[string]string
}

// A Step is one call that would make a check pass.
type Step struct {
	Call alibaba.RegistryCall
	// Check is the one that it helps to pass, for Endpoint.
	Check    checks.Code
	Endpoint string
	// Why says what is wrong now, Opens what the call lets in or gives away.
	Why, Opens string
	// After are the calls that must have been carried out before.
	After []alibaba.RegistryCall
}

// A Waiting step lacks what only a person knows, or can do.
type Waiting struct {
	Check             checks.Code
	Endpoint, Subject string
	// Action is the call that it would be.
	Action string
	Why    string
	// For is what it waits for, such as the flag --egress IP.
	For string
}

// A Todo is all that is to do.
type Todo struct {
	// Steps are ordered as they are to be carried out.
	Steps   []Step
	Waiting []Waiting
	// Open is what no step makes pass: the findings that would still be there
	// after all steps, with what to do by hand.
	Open []checks.Result
}

// Done tells whether nothing is left that a failover would fail without.
func (t Todo) Done() bool {
	return len(t.Steps) == 0 && len(t.Waiting) == 0 && checks.Count(t.Open, checks.Failed) == 0 && checks.Count(t.Open, checks.Unknown) == 0
}

// Asks tells whether the call is one of the steps.
func (t Todo) Asks(call alibaba.RegistryCall) bool {
	return slices.ContainsFunc(t.Steps, func(s Step) bool { return s.Call.Equal(call) })
}

// Plan works out what is to do in a world.
func Plan(ctx context.Context, w cloud.World, given Given) Todo {
	w.Egress = given.Egress
	var todo Todo
	for _, e := range w.Config.Endpoints {
		p := planner{endpoint: e, world: w, given: given, todo: &todo}
		for _, i := range e.Instances {
			if i.Network == zone.Public {
				p.publicAccess(i)
			}
			p.vpcLink(i)
		}
		p.syncRules()
	}
	todo.Open = append(open(cloud.Judge(ctx, w), cloud.Judge(ctx, after(w, todo.Steps)), todo.Waiting), todo.Open...)
	return todo
}

// open are the findings of then that aren't about something new: what a step would
// bring about isn't known in all detail before.
func open(now, then []checks.Result, waiting []Waiting) []checks.Result {
	type subject struct {
		check         checks.Code
		endpoint, who string
	}
	known := map[subject]bool{}
	for _, r := range now {
		for _, f := range r.Findings {
			known[subject{r.Code, f.Endpoint, f.Subject}] = known[subject{r.Code, f.Endpoint, f.Subject}] || f.Level != checks.OK
		}
	}
	for _, w := range waiting { // told once is enough, where the subject is nothing but that
		if w.Check != cloud.CodeSyncScope {
			delete(known, subject{w.Check, w.Endpoint, w.Subject})
		}
	}
	var left []checks.Result
	for _, r := range then {
		r.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(f checks.Finding) bool {
			return f.Level == checks.OK || !known[subject{r.Code, f.Endpoint, f.Subject}] || r.Code == cloud.CodeRAM && f.Level == checks.Unknown
		})
		if len(r.Findings) > 0 {
			left = append(left, r)
		}
	}
	return left
}

// A planner plans for one endpoint.
type planner struct {
	endpoint config.Endpoint
	world    cloud.World
	given    Given
	todo     *Todo
}

func (p *planner) of(i config.Instance) cloud.Instance {
	return p.world.Instances[cloud.Key(p.endpoint, i)]
}

// step adds a call, once for all endpoints whose instances it is about.
func (p *planner) step(s Step) {
	s.Endpoint = p.endpoint.Name
	if !p.todo.Asks(s.Call) {
		p.todo.Steps = append(p.todo.Steps, s)
	}
}

func (p *planner) wait(w Waiting) {
	w.Endpoint = p.endpoint.Name
	p.todo.Waiting = append(p.todo.Waiting, w)
}

// warn tells of what no check minds.
func (p *planner) warn(check checks.Code, about, subject, text, remedy string) {
	p.todo.Open = append(p.todo.Open, checks.Result{Code: check, About: about, Docs: check.Docs(), Findings: []checks.Finding{
		{Level: checks.Warning, Endpoint: p.endpoint.Name, Subject: subject, Text: text, Remedy: remedy},
	}})
}
