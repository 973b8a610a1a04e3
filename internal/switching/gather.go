package switching

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/checks/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/saferules"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Gathered is what the rules need of an endpoint, before anybody has said where to.
type Gathered struct {
	Facts saferules.Facts
	// Read is the value that stands there, Problem why it isn't valid: then what is in
	// force is what the controller remembers.
	Read    string
	Problem string
}

// credentialsPatience is for the look at all pods and their Secrets.
const credentialsPatience = 20 * time.Second

// Gather reads what is known of an endpoint. An error says that the switch itself can't
// be read; what else can't be is told by the rules. Own is the namespace of the caller's
// context, where pods are looked at when not all may be.
func Gather(ctx context.Context, c *Cluster, cfg *config.Config, endpoint config.Endpoint, own string) (Gathered, error) {
	var g Gathered
	found, err := c.Switch(ctx)
	if err != nil {
		return g, err
	}
	f := &g.Facts
	f.Now, f.Primary, f.Rules, f.Source = c.Clock.Now(), endpoint.Primary, cfg.Failover, cfg.PrivateZone.Source
	for _, z := range cfg.Zones() {
		if z.Name == endpoint.Name {
			f.Endpoint = z
		}
	}
	f.Changed = LastChange(found, f.Endpoint)
	f.Told = c.Told(ctx, endpoint.Name)
	state, unknown := c.Learnt(ctx, endpoint.Name)
	g.learn(state, unknown)
	g.read(found.Data)
	f.Changed = recorded(f.Changed, found.CreationTimestamp.Time, g.Read, state)
	g.health(ctx, c)
	f.Credentials = credentials(ctx, c, cfg, own)
	return g, nil
}

// read takes for in force what stands there, else what was accepted last, else PrivateZone.
func (g *Gathered) read(data map[string]string) {
	f := &g.Facts
	value, stands := data[f.Endpoint.Name]
	g.Read = value
	sw, err := f.Endpoint.ParseSwitch(value)
	switch {
	case err == nil:
		f.Standing = sw
		return
	case stands:
		g.Problem = err.Error()
	default:
		g.Problem = fmt.Sprintf("endpoint %q: the switch has no value", f.Endpoint.Name)
	}
	if last, err := f.Endpoint.ParseSwitch(f.Learnt.LastSwitch); err == nil {
		f.Standing = last
	}
}

// Before is the value to undo to: what stood there, or in its place what was in force.
func (g Gathered) Before() string {
	if g.Problem == "" {
		return g.Read
	}
	if last := g.Facts.Learnt.LastSwitch; last != "" {
		if _, err := g.Facts.Endpoint.ParseSwitch(last); err == nil {
			return last
		}
	}
	return zone.PrivateZone
}

// learn reads the state.
func (g *Gathered) learn(text, unknown string) {
	f := &g.Facts
	f.LearntUnknown = unknown
	if unknown != "" || strings.TrimSpace(text) == "" {
		return
	}
	var err error
	if f.Learnt, err = zone.ParseState([]byte(text)); err != nil {
		f.LearntUnknown = fmt.Sprintf("the ConfigMap %s can't be used: %v", inputs.StateName, err)
	}
}

// health is what the controller tells, or where that is old what the probers' own reports
// say: a failover doesn't wait for a controller.
func (g *Gathered) health(ctx context.Context, c *Cluster) {
	f := &g.Facts
	wanted := 0
	if h := f.Told.Health; h != nil {
		if f.Now.Sub(h.At) <= healthquorum.Old {
			f.Health = h.Instances
			return
		}
		wanted = h.Wanted
	}
	probers, err := c.ProberReports(ctx)
	if err != nil {
		f.HealthUnknown = "what the probers find isn't known: " + err.Error()
		return
	}
	f.Health = Health(View{Now: f.Now, Probers: probers}, f.Endpoint, wanted)
}

// credentials are what the check PULL-SECRETS finds.
func credentials(ctx context.Context, c *Cluster, cfg *config.Config, own string) saferules.Credentials {
	if cfg.PullSecrets.Mode == config.PullSecretsOff {
		return saferules.Credentials{Skipped: "pullSecrets.mode is Off: kubectl registry-failover check looks at them"}
	}
	ctx, cancel := context.WithTimeout(ctx, credentialsPatience)
	defer cancel()
	results := checks.Run(ctx, pullsecrets.All(pullsecrets.Options{Config: cfg, Namespace: c.Namespace, Own: own, Core: c.Core}))
	return saferules.Credentials{Findings: results[0].Findings}
}
