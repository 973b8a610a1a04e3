package pullsecrets

import (
	"slices"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// Attacher says which Secrets a pod is given beside those that it lists.
type Attacher struct {
	// Settings must be valid, and their mode Derive.
	Settings  config.PullSecrets
	Endpoints []config.Endpoint
}

// Names gives what to append to a pod's imagePullSecrets, in this order: the
// companions of the listed Secrets, the namespace's minted ones, and the
// break-glass Secret where it is known to exist. Rewritten are the shared
// endpoints of the pod's rewritten images. Known is what the index has of the
// namespace, nil for nothing.
//
// All companions are named of a Secret that isn't known, and, where no listed
// Secret is known to hold anything for an endpoint, all for that endpoint: the index
// comes a minute late, and kubelet passes over a Secret that doesn't exist, and
// finds it at a later attempt when it does. Not always, because kubelet reports a
// Secret that is missing with each of its looks at the pod.
//
// Nothing is appended to a list that names no Secret, or is longer than MaxListed,
// nothing twice, and nothing where Settings don't cover the namespace.
func (a *Attacher) Names(namespace string, listed, rewritten []string, known Namespace) []string {
	secrets := distinct(listed)
	if len(secrets) == 0 || len(listed) > MaxListed || !a.Settings.Covers(namespace) {
		return nil
	}
	var names []string
	add := func(name string) {
		if !slices.Contains(listed, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	endpoints := slices.DeleteFunc(slices.Clone(a.Endpoints), func(e config.Endpoint) bool { return !slices.Contains(rewritten, e.Name) })
	held := make([]bool, len(endpoints)) // by some listed Secret
	for i, e := range endpoints {
		held[i] = known.holdsAny(secrets, e.Name)
	}
	for _, secret := range secrets {
		if secret == a.Settings.BreakGlass || IsCompanion(a.Endpoints, secret) {
			continue
		}
		holdings, indexed := known[secret]
		for at, e := range endpoints {
			guess := !indexed || !held[at]
			if holds(holdings, e.Name, "") {
				continue // it has a credential for the endpoint itself, and no companions
			}
			for _, i := range e.Instances {
				if guess || holds(holdings, e.Name, i.Name) {
					add(CompanionName(secret, e.Name, i.Name))
				}
			}
		}
	}
	if len(endpoints) > 0 && a.Settings.Mints(namespace) {
		for _, e := range endpoints {
			for _, i := range e.Instances {
				add(MintedName(e.Name, i.Name))
			}
		}
	}
	if _, exists := known[a.Settings.BreakGlass]; exists && a.Settings.BreakGlass != "" && len(endpoints) > 0 {
		add(a.Settings.BreakGlass)
	}
	return names
}

// holds tells whether there is one for the instance, or for the endpoint itself where that is empty.
func holds(holdings []Holding, endpoint, instance string) bool {
	return slices.ContainsFunc(holdings, func(h Holding) bool { return h.Endpoint == endpoint && h.Instance == instance })
}

func (n Namespace) holdsAny(secrets []string, endpoint string) bool {
	return slices.ContainsFunc(secrets, func(secret string) bool {
		return slices.ContainsFunc(n[secret], func(h Holding) bool { return h.Endpoint == endpoint })
	})
}
