package zone

import (
	"encoding/json"
	"fmt"
	"net/netip"
)

// StateVersion is the schema that this program writes. It reads every older
// one and the next, so that versions of resolver and controller may differ by one.
const StateVersion = 1

// MaxAddrs is how many addresses a name may have: far above what a registry has,
// and few enough for a hosts file.
const MaxAddrs = 256

// MaxStateBytes is how long the state of one endpoint may be.
const MaxStateBytes = 64 << 10

// State is what has been learnt about one endpoint. The controller publishes it
// as JSON under the endpoint's name in the ConfigMap registry-failover-state:
//
//	{"version":1,"lastSwitch":"hangzhou","zones":{"vpc-bbbbb":{"addresses":["10.2.0.10"]}},"linked":{"zhangjiakou":["10.2.0.10"]}}
//
// A reader ignores fields that it doesn't know. lastSwitchSince is one: the controller's own
// note of when lastSwitch came to lead where it leads.
type State struct {
	Version int `json:"version"`
	// LastSwitch is the value of the switch that was accepted last, as it was written.
	LastSwitch string `json:"lastSwitch,omitempty"`
	// Zones holds what PrivateZone has at the endpoint's name, by the VPC that its zone is bound to.
	Zones map[string]Records `json:"zones,omitempty"`
	// Linked holds the addresses that ACR has in the cluster's own VPC, by the name
	// of the instance: of those that live there and have no fixed addresses.
	Linked map[string][]netip.Addr `json:"linked,omitempty"`
	// Hosts holds what DNS gives for the names that answers lead to. Each
	// resolver looks them up for itself: nothing publishes them.
	Hosts map[string]Records `json:"-"`
}

// Records is what a name leads to.
type Records struct {
	// CNAME is the name to follow, lowercase and without a final dot; empty when the name has addresses of its own.
	CNAME string `json:"cname,omitempty"`
	// Addrs are the name's addresses, or those at the end of CNAME where they are known.
	Addrs []netip.Addr `json:"addresses,omitempty"`
}

// ParseState reads one value of the state ConfigMap. An error is one sentence;
// whoever gets one keeps the last good state.
func ParseState(data []byte) (State, error) {
	if len(data) > MaxStateBytes {
		return State{}, fmt.Errorf("the state is %d bytes long: at most %d are read", len(data), MaxStateBytes)
	}
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		return State{}, fmt.Errorf("the state is not readable: %w", err)
	}
	if s.Version < 1 || s.Version > StateVersion+1 {
		return State{}, fmt.Errorf("the state has version %d: this program reads 1 to %d, so upgrade the older of the two", s.Version, StateVersion+1)
	}
	for vpc, records := range s.Zones {
		if n := len(records.Addrs); n > MaxAddrs {
			return State{}, fmt.Errorf("the state of zone %q has %d addresses: at most %d are taken", clip(vpc), n, MaxAddrs)
		}
		if records.CNAME != "" && !isDNSTarget(records.CNAME) {
			return State{}, fmt.Errorf("the state of zone %q has the CNAME %q: it must be a lowercase DNS name without a final dot", clip(vpc), clip(records.CNAME))
		}
	}
	for name, addrs := range s.Linked {
		if n := len(addrs); n > MaxAddrs {
			return State{}, fmt.Errorf("the state of the instance %q has %d addresses: at most %d are taken", clip(name), n, MaxAddrs)
		}
	}
	return s, nil
}
