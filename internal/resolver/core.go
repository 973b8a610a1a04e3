package resolver

import (
	"maps"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/dnsserver"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/nodehosts"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Core decides what is served. It is not safe for concurrent use.
type Core struct {
	node      string
	now       func() time.Time
	hosts     config.HostsMode
	resets    bool
	source    config.Source
	endpoints []*endpoint
	read      inputs.Snapshot
	// found is what DNS gave for each name when it last gave something complete.
	found map[string]zone.Records
	// lookedUp is when that was; names of which that isn't known are missing.
	lookedUp map[string]time.Time
	// uninstalling is whether the switch said so when it could last be read.
	uninstalling bool
	// assume is set when nothing could be read for so long that waiting serves nobody.
	assume bool
}

// NewCore returns a Core for one node; the DNS Service has an empty node name.
// It serves nothing before Configure. The time makes the SOA's serial.
func NewCore(node string, now func() time.Time) *Core {
	return &Core{node: node, now: now, found: map[string]zone.Records{}, lookedUp: map[string]time.Time{}}
}

// Configure takes a new configuration. An endpoint that stays keeps what it
// has, as far as that is still valid.
func (c *Core) Configure(cfg *config.Config, lastGood func(endpoint string) LastGood) {
	c.hosts, c.resets, c.source = cfg.Node.Hosts, cfg.Node.ResetConnections, cfg.PrivateZone.Source
	old := c.endpoints
	c.endpoints = nil
	for _, z := range cfg.Zones() {
		e := &endpoint{Endpoint: z}
		if i := slices.IndexFunc(old, func(o *endpoint) bool { return o.Name == z.Name }); i >= 0 {
			e.inherit(old[i])
		} else {
			e.restore(lastGood(z.Name), c.now())
		}
		c.endpoints = append(c.endpoints, e)
	}
	c.decide()
}

// Read takes what switch and state hold now.
func (c *Core) Read(s inputs.Snapshot) {
	c.read = s
	// The end of an uninstallation is a switch without the annotation. One that
	// vanished, or can't be read, is none: its last act is to be deleted.
	marked := inputs.Uninstalling(s.Switch.Mark, s.Switch.Values, c.endpointNames())
	if marked || s.Switch.Known && s.Switch.Problem == "" {
		c.uninstalling = marked
	}
	c.decide()
}

// Uninstall takes from before a restart that the product is being uninstalled.
func (c *Core) Uninstall() { c.uninstalling = true }

// Uninstalling says that the hosts file's block goes and stays away, whatever
// the answers are: somebody has decided to uninstall the product.
func (c *Core) Uninstalling() bool { return c.uninstalling }

// Found takes what DNS gave for a name: always a complete answer, with its
// addresses in an order that stays, or every refresh would look like a change.
func (c *Core) Found(name string, r zone.Records) { c.Recall(name, r, c.now()) }

// Recall takes what DNS gave for a name before a restart, and when that was;
// the zero time where that isn't known.
func (c *Core) Recall(name string, r zone.Records, at time.Time) {
	c.found[name] = r
	if !at.IsZero() {
		c.lookedUp[name] = at
	}
	c.decide()
}

// Assume lets endpoints that nothing is known about follow PrivateZone from now
// on, until something can be read. Their lines in the hosts file stay.
func (c *Core) Assume() {
	c.assume = true
	c.decide()
}

func (c *Core) decide() {
	for _, e := range c.endpoints {
		e.takeState(c.read.State)
		e.takeSwitch(c.read.Switch, c.read.State)
		e.decide(c.learnt(e), c.node, c.assume, c.now)
		if e.current() {
			_, name := c.from(e)
			e.lookedUp = c.lookedUp[name]
		}
	}
	names := c.Names()
	maps.DeleteFunc(c.found, func(name string, _ zone.Records) bool { return !slices.Contains(names, name) })
	maps.DeleteFunc(c.lookedUp, func(name string, _ time.Time) bool { return !slices.Contains(names, name) })
}

// learnt is an endpoint's state together with what DNS gave.
func (c *Core) learnt(e *endpoint) zone.State {
	s := e.state
	s.Hosts = c.found
	if c.source == config.VPCDNS {
		// What the node's own DNS says of the name is what PrivateZone has in this VPC.
		s.Zones = map[string]zone.Records{e.VPC: c.found[e.Name]}
	}
	return s
}

func (c *Core) endpointNames() []string {
	names := make([]string, len(c.endpoints))
	for i, e := range c.endpoints {
		names[i] = e.Name
	}
	return names
}

// Names lists what has to be looked up in DNS.
func (c *Core) Names() []string {
	var names []string
	for _, e := range c.endpoints {
		if c.source == config.VPCDNS {
			names = append(names, e.Name)
		}
		names = append(names, e.Hosts(c.learnt(e))...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Zones is what the DNS server serves now.
func (c *Core) Zones() []dnsserver.Zone {
	zones := make([]dnsserver.Zone, len(c.endpoints))
	for i, e := range c.endpoints {
		zones[i] = dnsserver.Zone{Name: e.Name, Answer: e.answer, TTL: e.TTL, Serial: e.serial}
	}
	return zones
}

// Block is what the hosts file's marked block holds now.
func (c *Core) Block() nodehosts.Block {
	var b nodehosts.Block
	for _, e := range c.endpoints {
		b.Known = append(b.Known, e.Name)
		switch {
		case c.uninstalling, c.hosts == config.HostsOff:
		case !e.decided() || e.kept != nil || e.answer == nil:
			// What an earlier run wrote may be all that leads pulls to a registry that lives.
			b.Keep = append(b.Keep, e.Name)
			if e.keepsDecided() && c.pins(e) {
				b.Lost = append(b.Lost, e.entries()...)
			}
		case c.pins(e):
			b.Entries = append(b.Entries, e.entries()...)
		}
	}
	return b
}

// pins says whether the endpoint's answer belongs into the hosts file.
func (c *Core) pins(e *endpoint) bool {
	return c.hosts == config.HostsAlways || !e.answer.Target.FollowsPrivateZone()
}

// Answers is what the node reports about its answers.
func (c *Core) Answers() map[string]nodereport.Answer {
	answers := map[string]nodereport.Answer{}
	for _, e := range c.endpoints {
		var a nodereport.Answer
		if e.decided() { // a value that left the configuration is in force no more
			a.Switch = nodereport.Hash(e.switchValue)
		}
		if e.answer != nil {
			a.Target = e.answer.Target.String()
		}
		answers[e.Name] = a
	}
	return answers
}

// Ready returns why not every endpoint has an answer that somebody decided on.
func (c *Core) Ready() error {
	for _, e := range c.endpoints {
		if err := e.ready(); err != nil {
			return err
		}
	}
	return nil
}
