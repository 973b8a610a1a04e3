package network

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	// patience is how long one instance, or one host, is waited for: much longer than
	// one that is well takes from another continent.
	patience = 5 * time.Second
	// atOnce is how many are asked at the same time, so that some that are dead cost
	// no more time than one.
	atOnce = 64
)

// A survey is what the checks have seen, each instance once.
type survey struct {
	prober    health.Prober
	endpoints []*endpoint
	install   bool
	rewrites  bool
	once      sync.Once
	hosts     hosts
}

// An endpoint is a shared endpoint with the ways that lead to it.
type endpoint struct {
	config.Endpoint
	// own is what the shared endpoint itself leads to from here.
	own *way
	// instances have the ways to the instances, in the order of the configuration.
	instances []*way
}

// A way is one instance over one network, or what the shared endpoint itself leads to.
type way struct {
	endpoint string
	instance config.Instance // without a name for the shared endpoint itself
	network  zone.Network
	// spare says that the instance's bare name in the switch doesn't lead this way:
	// what fails here is a warning.
	spare bool
	// several says that the instance has more internal addresses than this one.
	several bool
	// unknown says that its address is in no configuration.
	unknown bool
	target  health.Target
	result  health.Result
	// cut says that the caller's time was over before the probe was.
	cut bool
}

func newSurvey(o Options) *survey {
	s := &survey{prober: o.Prober, hosts: hosts{prober: o.Prober, seen: map[string]*host{}}}
	zones := o.Config.Zones()
	for n, e := range o.Config.Endpoints {
		at := &endpoint{Endpoint: e, own: &way{endpoint: e.Name, target: health.Target{Host: e.Name, Name: e.Name}}}
		for k, i := range e.Instances {
			internal := way{endpoint: e.Name, instance: i, network: zone.Internal, spare: i.Network != zone.Internal}
			fixed := zones[n].Instances[k].InternalAddrs
			for _, addr := range fixed { // each by itself: pulls may go to any
				w := internal
				w.target, w.several = health.Target{Host: e.Name, Addrs: []netip.Addr{addr}}, len(fixed) > 1
				at.instances = append(at.instances, &w)
			}
			if len(fixed) == 0 && !internal.spare {
				internal.unknown = true
				at.instances = append(at.instances, &internal)
			}
			at.instances = append(at.instances, &way{
				endpoint: e.Name, instance: i, network: zone.Public, spare: i.Network != zone.Public,
				target: health.Target{Host: e.Name, Name: i.PublicEndpoint},
			})
		}
		s.endpoints = append(s.endpoints, at)
	}
	return s
}

// ways are all of them, the shared endpoint's own before its instances'.
func (s *survey) ways() []*way {
	var all []*way
	for _, e := range s.endpoints {
		all = append(append(all, e.own), e.instances...)
	}
	return all
}

// look probes all ways at once, the first time that it is called.
func (s *survey) look(ctx context.Context) {
	s.once.Do(func() {
		var group errgroup.Group
		group.SetLimit(atOnce)
		for _, w := range s.ways() {
			if w.unknown {
				continue
			}
			group.Go(func() error {
				own, cancel := context.WithTimeout(ctx, patience)
				defer cancel()
				w.result = s.prober.Probe(own, w.target)
				w.cut = w.result.Err != nil && ctx.Err() != nil
				return nil
			})
		}
		_ = group.Wait() // what went wrong is in the results
	})
}

// subject names the way as the switch does, with its address where the instance has
// several; it is empty for the shared endpoint's own.
func (w *way) subject() string {
	if w.instance.Name == "" {
		return ""
	}
	name := zone.Target{Instance: w.instance.Name, Network: w.network}.String()
	if w.several {
		name += " at " + w.target.Addrs[0].String()
	}
	return name
}

// says makes a finding about the way.
func (w *way) says(level checks.Level, text, remedy string) finding {
	if level == checks.Failed && w.spare {
		level = checks.Warning
	}
	return finding{Finding: checks.Finding{Level: level, Endpoint: w.endpoint, Subject: w.subject(), Text: text, Remedy: remedy}}
}

// breaks makes a finding for which an installation must not go on, where it is about
// what the shared endpoint itself leads to: a wrong standby breaks no new pod yet.
func (w *way) breaks(text, remedy string) finding {
	f := w.says(checks.Failed, text, remedy)
	f.breaks = w.instance.Name == ""
	return f
}

// has says whether the way leads to an address.
func (w *way) has(addr netip.Addr) bool { return slices.Contains(w.result.Addrs, addr) }
