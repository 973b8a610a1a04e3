package resolver

import (
	"encoding/json"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// keptAnswer is an answer in the cache. It is needed where the inputs that it came
// from no longer give one: no address is known for what the switch says since.
type keptAnswer struct {
	Target string `json:"target"` // privatezone or INSTANCE/NETWORK
	zone.Records
}

// formatAnswer gives nothing for no answer.
func formatAnswer(a *zone.Answer) string {
	if a == nil {
		return ""
	}
	text, err := json.Marshal(keptAnswer{a.Target.String(), zone.Records{CNAME: a.CNAME, Addrs: a.Addrs}})
	if err != nil {
		return "" // no value of this type fails
	}
	return string(text)
}

// parseAnswer reads it back, without the TTL, which is the configuration's. It is
// not ok where there is none that may be answered.
func parseAnswer(text string) (a zone.Answer, ok bool) {
	var kept keptAnswer
	if json.Unmarshal([]byte(text), &kept) != nil || len(kept.Addrs) == 0 {
		return a, false
	}
	for _, addr := range kept.Addrs {
		if zone.CheckAddr(addr) != nil {
			return a, false
		}
	}
	a.CNAME, a.Addrs = kept.CNAME, kept.Addrs
	if kept.Target == zone.PrivateZone {
		return a, true
	}
	instance, network, ok := strings.Cut(kept.Target, "/")
	a.Target = zone.Target{Instance: instance, Network: zone.Network(network)}
	return a, ok && instance != ""
}
