package pullsecrets

import (
	"slices"
	"strings"

	core "github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// means tell how pods come by a credential for one instance, from the best to the worst.
type means int

const (
	// sure: a companion, or a minted Secret, which are for this instance.
	sure means = iota
	// unclear: a credential for the shared endpoint itself, and nobody knows whose.
	unclear
	// pending: a companion that will be attached, and isn't there yet.
	pending
	// derivable: there would be a companion if it were derived and attached.
	derivable
	// none.
	none
)

// A candidate is a credential, and the Secret that it is in.
type candidate struct {
	secret     string
	credential core.Credential
}

// A cover is what the pods of a use have for one instance and one repository.
type cover struct {
	instance config.Instance
	means    means
	// from are what there is by these means, and by unclear where the means are sure.
	from []candidate
	// unlisted says that running pods don't list what new ones are given.
	unlisted bool
}

func (c cover) temporary() bool {
	return len(c.from) > 0 && !slices.ContainsFunc(c.from, func(c candidate) bool { return !c.credential.Temporary() })
}

// names are the Secrets that it is from, each once.
func (c cover) names() []string {
	var names []string
	for _, f := range c.from {
		if !slices.Contains(names, f.secret) {
			names = append(names, f.secret)
		}
	}
	return names
}

// covers judges the pods of a use for one repository, by instance in the configuration's order.
func (s *survey) covers(u use, repository string) []cover {
	e := s.endpointOf(u)
	get := func(name string, hosts ...string) (candidate, bool) {
		found := s.secrets[key{u.namespace, name}]
		if found == nil {
			return candidate{}, false
		}
		c, ok := core.For(core.Covering(found.credentials, repository), hosts...)
		return candidate{name, c}, ok
	}
	listed, given := u.secrets(), s.attached(u)
	var ofShared []candidate
	for _, name := range append(slices.Clone(listed), given...) {
		if s.belongsTo(u, name, e) != "" {
			continue
		}
		if c, ok := get(name, e.Name); ok {
			ofShared = append(ofShared, c)
		}
	}
	all := make([]cover, len(e.Instances))
	for n, i := range e.Instances {
		c := cover{instance: i, means: none}
		var own, waiting []candidate
		inListed := false
		for _, name := range append(slices.Clone(listed), given...) {
			switch owner := s.belongsTo(u, name, e); {
			case owner == i.Name:
				if found, ok := get(name, e.Name); ok {
					own = append(own, found)
					inListed = inListed || slices.Contains(listed, name)
				}
			case owner == "" && name != s.Config.PullSecrets.BreakGlass && slices.Contains(listed, name) && !s.secrets[key{u.namespace, name}].holds(e, ""):
				if found, ok := get(name, i.InternalEndpoint, i.PublicEndpoint); ok {
					waiting = append(waiting, found)
				}
			}
		}
		switch {
		case len(own) > 0:
			c.means, c.from, c.unlisted = sure, slices.Concat(own, ofShared), !inListed
		case len(ofShared) > 0:
			c.means, c.from = unclear, ofShared
		case len(waiting) > 0 && s.attaches(u):
			c.means, c.from = pending, waiting
		case len(waiting) > 0:
			c.means, c.from = derivable, waiting
		}
		all[n] = c
	}
	return all
}

// belongsTo names the instance whose companion or minted Secret has this name; it is
// empty for any other Secret.
func (s *survey) belongsTo(u use, name string, e config.Endpoint) string {
	for _, i := range e.Instances {
		if strings.HasSuffix(name, "."+i.Name+"."+e.Name) || name == core.MintedName(e.Name, i.Name) {
			return i.Name
		}
		for _, original := range u.secrets() {
			if name == core.CompanionName(original, e.Name, i.Name) {
				return i.Name
			}
		}
	}
	return ""
}
