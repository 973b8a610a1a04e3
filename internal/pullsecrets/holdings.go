package pullsecrets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Holding is one thing that a Secret's credentials are for, without the credentials.
type Holding struct {
	Endpoint string
	// Instance is the instance whose own host has a credential; empty where the
	// shared endpoint itself has one, of which nobody can tell whose it is.
	Instance string
	// Temporary says that it ends within an hour.
	Temporary bool
}

const temporaryWord = " temporary"

// String is the Holding as the index has it: endpoint[/instance][ temporary].
func (h Holding) String() string {
	text := h.Endpoint
	if h.Instance != "" {
		text += "/" + h.Instance
	}
	if h.Temporary {
		text += temporaryWord
	}
	return text
}

// ParseHolding reads what String writes.
func ParseHolding(text string) (Holding, error) {
	rest, temporary := strings.CutSuffix(text, temporaryWord)
	endpoint, instance, named := strings.Cut(rest, "/")
	if !zone.IsDNSName(endpoint) || named && !zone.IsDNSName(instance) {
		return Holding{}, fmt.Errorf("%q must be an endpoint, or endpoint/instance, with or without the word temporary", text)
	}
	return Holding{endpoint, instance, temporary}, nil
}

// Holdings tells for which of the endpoints, and which of their instances, a
// Secret has credentials, in the configuration's order. What is for an endpoint's
// extra sources is nobody's: no instance is known that would take it.
func Holdings(endpoints []config.Endpoint, credentials []Credential) []Holding {
	var holdings []Holding
	for _, e := range endpoints {
		if found := entriesFor(credentials, e.Name); len(found) > 0 {
			holdings = append(holdings, Holding{e.Name, "", found.temporary()})
		}
		for _, i := range e.Instances {
			if found := entriesOf(credentials, i); len(found) > 0 {
				holdings = append(holdings, Holding{e.Name, i.Name, found.temporary()})
			}
		}
	}
	return holdings
}

// paths are the credentials for one host: by path, empty for all of it.
type paths map[string]Credential

// temporary says that no path has a credential that outlives an hour.
func (p paths) temporary() bool {
	for _, c := range p {
		if !c.Temporary() {
			return false
		}
	}
	return true
}

// entriesOf gives what an instance's hosts have. Both lead to the same accounts;
// the internal one counts where they differ. Images are rewritten whatever the case
// of their host, so that credentials for another case count: kubelet found them
// for such an image.
func entriesOf(credentials []Credential, i config.Instance) paths {
	lowered := slices.Clone(credentials)
	for n := range lowered {
		lowered[n].Registry = strings.ToLower(lowered[n].Registry)
	}
	return entriesFor(lowered, i.InternalEndpoint, i.PublicEndpoint)
}

// entriesFor gives what the hosts have: a registry that is written out before one
// with a pattern, then the first host before the second.
func entriesFor(credentials []Credential, hosts ...string) paths {
	found := paths{}
	for _, pattern := range []bool{false, true} {
		for _, host := range hosts {
			for _, c := range credentials {
				if strings.ContainsAny(c.Registry, `*?[\`) != pattern {
					continue
				}
				prefix, ok := c.covers(host)
				if _, taken := found[prefix]; ok && !taken {
					found[prefix] = c
				}
			}
		}
	}
	return found
}
