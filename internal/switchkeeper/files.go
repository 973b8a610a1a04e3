package switchkeeper

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/filewatch"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Files keeps the switch and its record in a directory, where there is no API
// server. It decides as a [Keeper] does.
type Files struct {
	dir    *published.Dir
	log    *slog.Logger
	report *report

	mu        sync.Mutex
	endpoints []zone.Endpoint
	seen      map[string]Seen
}

// NewFiles makes a keeper of the directory's files, for the endpoints of the
// configuration at the start.
func NewFiles(dir *published.Dir, endpoints []zone.Endpoint, metrics prometheus.Registerer, log *slog.Logger) *Files {
	return &Files{dir: dir, log: log, report: newReport(metrics, nil, log), endpoints: endpoints, seen: map[string]Seen{}}
}

// Run keeps them until ctx ends.
func (f *Files) Run(ctx context.Context) error {
	dirs := []string{f.dir.Of(inputs.SwitchName), f.dir.Of(inputs.StateName)}
	return filewatch.Watch(ctx, dirs, func() { f.keep(ctx) })
}

// Configure changes the endpoints.
func (f *Files) Configure(ctx context.Context, endpoints []zone.Endpoint) {
	f.mu.Lock()
	f.endpoints = endpoints
	f.mu.Unlock()
	f.keep(ctx)
}

// keep reads, decides and writes. What somebody else writes at the same time is
// an event that has it called again.
func (f *Files) keep(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	in := Input{Switch: Object{Exists: true, Values: map[string]string{}}, State: Object{Exists: true, Values: map[string]string{}}, Seen: f.seen, Now: time.Now()}
	switches, states, unreadable := map[string]published.Value{}, map[string]published.Value{}, map[string]Problem{}
	for _, e := range f.endpoints {
		state, stateErr := f.dir.Read(ctx, inputs.StateName, e.Name)
		choice, switchErr := f.dir.Read(ctx, inputs.SwitchName, e.Name)
		if stateErr != nil || switchErr != nil {
			unreadable[e.Name] = Problem{Switch: switchErr, State: stateErr}
			continue
		}
		in.Endpoints = append(in.Endpoints, e)
		switches[e.Name], states[e.Name] = choice, state
		if choice.There {
			in.Switch.Values[e.Name] = choice.Text
			if _, err := e.ParseSwitch(choice.Text); err == nil {
				f.seen[e.Name] = Seen{Value: strings.TrimSpace(choice.Text)}
			}
		}
		if state.There {
			in.State.Values[e.Name] = state.Text
		}
	}

	plan := Decide(in)
	maps.Copy(plan.Problems, unreadable)
	for _, name := range slices.Sorted(maps.Keys(plan.State)) {
		if err := f.dir.Write(ctx, inputs.StateName, name, states[name], plan.State[name]); err != nil {
			plan.Problems[name] = Problem{Switch: plan.Problems[name].Switch, State: err}
			continue
		}
		if plan.State[name] != blank {
			f.log.Info("the switch is recorded", "endpoint", name)
		}
		if change, is := plan.Changes[name]; is {
			f.report.changed(&corev1.ConfigMap{}, map[string]Change{name: change})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(plan.Switch)) {
		if err := f.dir.Write(ctx, inputs.SwitchName, name, switches[name], plan.Switch[name]); err != nil {
			plan.Problems[name] = Problem{Switch: err, State: plan.Problems[name].State}
			continue
		}
		in.Switch.Values[name] = plan.Switch[name]
		f.log.Info("the switch is created", "endpoint", name, "value", plan.Switch[name], "restored", plan.Restored[name])
	}
	f.report.problems(&corev1.ConfigMap{Data: in.Switch.Values}, f.endpoints, plan.Problems, nil)
	f.report.standing.show(f.endpoints, plan.InForce)
}
