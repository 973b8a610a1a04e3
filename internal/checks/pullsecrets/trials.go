package pullsecrets

import "github.com/registry-failover/registry-failover/internal/registrylogin"

// A trial is an attempt for one Secret of a namespace.
type trial struct {
	attempt
	candidate
	namespace string
	image     registrylogin.Image
	// own says that the credential is for the shared endpoint itself, and need not be
	// this instance's.
	own bool
}

// trials are what would be presented to each instance, each Secret once, for an
// image that its pods pull.
func (s *survey) trials() []trial {
	var trials []trial
	type id struct {
		door
		key
		own bool
	}
	seen := map[id]bool{}
	for _, u := range s.inOrder() {
		image := s.uses[u].images[0]
		endpoint := s.indexOf(u)
		for n, c := range s.covers(u, image.Repository) {
			for _, from := range c.from {
				t := trial{candidate: from, namespace: u.namespace, image: image}
				t.attempt = attemptAt(door{endpoint, n}, from.credential)
				t.own = c.means == unclear || c.means == sure && s.belongsTo(u, from.secret, s.Config.Endpoints[endpoint]) == ""
				if at := (id{t.door, key{u.namespace, from.secret}, t.own}); !seen[at] {
					seen[at] = true
					trials = append(trials, t)
				}
			}
		}
	}
	return trials
}
