package resolver

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"time"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Where the records of an answer are from.
const (
	fromConfiguration = "configuration" // an instance's internalAddresses
	fromDNS           = "dns"           // the node's DNS servers, at the time of lookedUp
	fromState         = "state"         // what the controller has learnt
	fromEarlier       = "earlier"       // an earlier answer is kept, because there is none for what the switch says
)

// origins say where the switch in force came from.
var origins = map[origin]string{
	undecided: "nothing", byDefault: "default", outdated: "earlier configuration", byRecord: "state", bySwitch: "switch",
}

// Served is what is served for one endpoint, and why.
type Served struct {
	Endpoint string `json:"endpoint"`
	// Switch is the value in force as it was written, and SwitchFrom where it stood:
	// switch, state, default (there is none), earlier configuration, nothing.
	Switch     string `json:"switch"`
	SwitchFrom string `json:"switchFrom"`
	// Target is privatezone or INSTANCE/NETWORK; empty before the first answer, as all that follows.
	Target    string       `json:"target"`
	CNAME     string       `json:"cname,omitempty"`
	Addresses []netip.Addr `json:"addresses"`
	// TTL is in seconds; Serial is the SOA's.
	TTL    float64 `json:"ttl"`
	Serial uint32  `json:"serial"`
	// From is configuration, dns, state or earlier.
	From string `json:"from"`
	// LookedUp is when DNS last gave these records, and Age the seconds since; both
	// are missing where they are from elsewhere. Those from before a restart may be
	// said to be up to 5 minutes older than they are.
	LookedUp *time.Time `json:"lookedUp,omitempty"`
	Age      *float64   `json:"age,omitempty"`
	// Problems say what stands there and is not in force, and why.
	Problems []string `json:"problems"`
}

// Served lists all endpoints in the order of the configuration.
func (c *Core) Served() []Served {
	all := make([]Served, len(c.endpoints))
	for i, e := range c.endpoints {
		s := Served{Endpoint: e.Name, Switch: e.switchValue, SwitchFrom: origins[e.origin], Addresses: []netip.Addr{}, Problems: e.problems()}
		if a := e.answer; a != nil {
			s.Target, s.CNAME, s.Addresses, s.TTL, s.Serial = a.Target.String(), a.CNAME, a.Addrs, a.TTL.Seconds(), e.serial
			s.From, _ = c.from(e)
			if at := e.lookedUp; !at.IsZero() {
				s.LookedUp = &at
			}
		}
		all[i] = s
	}
	return all
}

// from says where an endpoint's records are from, and which name was looked up for them.
func (c *Core) from(e *endpoint) (from, name string) {
	switch t := e.answer.Target; {
	case !e.current():
		return fromEarlier, ""
	case t.FollowsPrivateZone() && c.source == config.VPCDNS:
		return fromDNS, e.Name
	case t.Network == zone.Public:
		return fromDNS, e.answer.CNAME
	case !t.FollowsPrivateZone():
		if i, _ := e.Instance(t.Instance); len(i.InternalAddrs) > 0 {
			return fromConfiguration, ""
		}
	}
	return fromState, e.answer.CNAME
}

// ServeAnswers tells what is served at this moment, as a JSON list of [Served].
func (r *Resolver) ServeAnswers(w http.ResponseWriter, _ *http.Request) {
	all := append([]Served{}, *r.served.Load()...)
	for i := range all {
		if at := all[i].LookedUp; at != nil {
			age := max(time.Since(*at).Seconds(), 0) // the clock may have been set back over a restart
			all[i].Age = &age
		}
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(text, '\n'))
}
