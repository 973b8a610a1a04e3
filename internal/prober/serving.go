package prober

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// hostsEvery is how soon it is seen that the hosts file leads the name elsewhere.
const hostsEvery = time.Second

// A Service is who answers under a shared endpoint's own name on the node. It says
// nothing of how well an instance does: whoever answers there may be none.
type Service struct {
	// Instance is the name of the one that answers; empty where none does.
	Instance string
	// Reason is one sentence.
	Reason string
	// Since is when it became this instance, or none.
	Since time.Time

	at     lookup
	missed int // how many lookups and questions in a row have shown nobody
}

// newService is one that nobody has looked for.
func newService(now time.Time) Service {
	return Service{Reason: "nobody has been asked yet", Since: now}
}

// next is the service after one more question, put where the name leads. Who answers counts at
// once; that nobody does counts after so many in a row, where the name leads as before.
func (s Service) next(instance, reason string, at lookup, now time.Time, failures int) Service {
	s.missed++
	if instance != "" {
		s.missed = 0
	}
	isElsewhere := at.err == nil && !at.same(s.at)
	if instance == "" && s.Instance != "" && !isElsewhere && s.missed < failures {
		return s
	}
	if s.Instance != instance {
		s.Since = now
	}
	s.Instance, s.Reason, s.at = instance, reason, at
	return s
}

// serves says who has answered: an instance of the endpoint by its name, or none and why.
func serves(r health.Result, names map[string]string, slow time.Duration) (instance, reason string) {
	if failed, ok := r.Err.(*health.Error); ok { //nolint:errorlint // it always is one
		return "", broken(failed, slow).Reason
	}
	who := r.Answer.Instance.ID
	problem := r.Certificate.Unusable()
	switch {
	case problem != nil:
		return "", fmt.Sprintf("who answers has a wrong certificate: %s", problem)
	case who == "" && !r.Answer.Registry:
		return "", "who answers isn't recognisably a registry"
	case who == "":
		return "", "who answers names no instance"
	case names[who] == "":
		return "", fmt.Sprintf("%s answers, which is no instance of the configuration", who)
	}
	return names[who], ""
}

// ask asks who answers under the endpoint's name, and tells where that leads.
func (p *Prober) ask(ctx context.Context, e *config.Endpoint, h config.Health) (instance, reason string, at lookup) {
	at = p.Names.lookup(ctx, e.Name, h.Timeout.Duration)
	if at.err != nil {
		return "", "the name can't be looked up: " + at.err.Error(), at
	}
	names := map[string]string{}
	for _, i := range e.Instances {
		names[i.ID] = i.Name
	}
	ctx, cancel := context.WithTimeout(ctx, h.Slow.Duration)
	defer cancel()
	target := health.Target{Host: e.Name, Addrs: at.addrs, Name: e.Name}
	instance, reason = serves(within(p.Health, h.Timeout.Duration).Probe(ctx, target), names, h.Slow.Duration)
	if instance != "" {
		reason = at.by()
	}
	return instance, reason, at
}

// watchName asks again and again, and at once when the hosts file leads elsewhere.
func (p *Prober) watchName(ctx context.Context, e *config.Endpoint, h config.Health, limits budget) {
	if !pause(ctx, time.Duration(rand.Float64()*float64(min(h.Interval.Duration, hostsEvery)))) {
		return
	}
	for {
		release, ok := limits.take(ctx)
		if !ok {
			return
		}
		begun, pinned := time.Now(), p.Names.pinned(e.Name)
		instance, reason, at := p.ask(ctx, e, h)
		release()
		if ctx.Err() != nil {
			return
		}
		p.served(e.Name, func(s Service) Service { return s.next(instance, reason, at, time.Now(), h.Failures) })
		interval := time.Duration(float64(h.Interval.Duration) * (0.9 + 0.2*rand.Float64()))
		for left := interval - time.Since(begun); left > 0 && pinned.same(p.Names.pinned(e.Name)); left = interval - time.Since(begun) {
			if !pause(ctx, min(left, hostsEvery)) {
				return
			}
		}
	}
}

// served puts the next service of an endpoint in place of the one before.
func (p *Prober) served(endpoint string, next func(Service) Service) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.services[endpoint]
	after := next(before)
	p.services[endpoint] = after
	if before.Instance != after.Instance || before.Reason != after.Reason {
		p.Log.Info("the name is served otherwise", "endpoint", endpoint, "instance", after.Instance, "reason", after.Reason, "before", before.Instance)
		ring(p.changed)
	}
}

// serving is what is reported of it.
func (p *Prober) serving() []healthreport.Serving {
	var all []healthreport.Serving
	if p.Names == nil || p.config == nil {
		return nil
	}
	for _, e := range p.config.Endpoints {
		if s, known := p.services[e.Name]; known {
			all = append(all, healthreport.Serving{Endpoint: e.Name, Instance: s.Instance, Reason: s.Reason, Since: s.Since.UTC().Truncate(time.Second)})
		}
	}
	return all
}

// keepServices forgets those of endpoints that are no more.
func (p *Prober) keepServices() {
	kept := map[string]Service{}
	for _, e := range p.config.Endpoints {
		s, known := p.services[e.Name]
		if !known {
			s = newService(time.Now())
		}
		kept[e.Name] = s
	}
	p.services = kept
}
