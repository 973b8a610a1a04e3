package pullsecrets

import "github.com/registry-failover/registry-failover/pkg/config"

// Lack is what the Secrets that a pod lists don't have for its images of a shared
// endpoint, as long as there are no companions.
type Lack struct {
	Endpoint string
	// OwnTemporary says that there is a credential for the endpoint itself, and that
	// it ends within an hour. Nobody can tell whose it is, and Missing and Temporary
	// are empty.
	OwnTemporary bool
	// Missing are the instances that no Secret has a credential for, Temporary those
	// for which each ends within an hour, in the configuration's order.
	Missing, Temporary []string
}

// Lacks finds the first of the endpoints of which a pod's images can't be pulled
// for long with the listed Secrets alone: none has a permanent credential for it.
// A credential for an instance's own host doesn't count, because kubelet looks for
// the shared endpoint's; Missing and Temporary tell what companions could be made of.
//
// It finds nothing where a listed Secret isn't known, or none is listed: what isn't
// known may have it all.
func Lacks(endpoints []config.Endpoint, listed []string, known Namespace) (Lack, bool) {
	secrets := distinct(listed)
	if len(listed) > MaxListed || len(secrets) == 0 {
		return Lack{}, false
	}
	for _, secret := range secrets {
		if _, indexed := known[secret]; !indexed {
			return Lack{}, false
		}
	}
	for _, e := range endpoints {
		lack := Lack{Endpoint: e.Name}
		found, temporary := known.best(secrets, e.Name, "")
		switch {
		case found && !temporary:
			continue
		case found:
			lack.OwnTemporary = true
			return lack, true
		}
		for _, i := range e.Instances {
			switch found, temporary := known.best(secrets, e.Name, i.Name); {
			case !found:
				lack.Missing = append(lack.Missing, i.Name)
			case temporary:
				lack.Temporary = append(lack.Temporary, i.Name)
			}
		}
		return lack, true
	}
	return Lack{}, false
}

// best tells whether a Secret has one for the instance, or for the endpoint itself
// where that is empty, and whether each such ends within an hour.
func (n Namespace) best(secrets []string, endpoint, instance string) (found, temporary bool) {
	for _, secret := range secrets {
		for _, h := range n[secret] {
			if h.Endpoint == endpoint && h.Instance == instance {
				if !h.Temporary {
					return true, false
				}
				found = true
			}
		}
	}
	return found, found
}
