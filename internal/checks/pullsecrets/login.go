package pullsecrets

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
	core "github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	// atOnce is how many logins are tried at the same time.
	atOnce = 8
	// mostLogins is how many are tried at all: an instance limits its clients, and nobody
	// reads more.
	mostLogins = 200
)

// A door is an instance of an endpoint, by its place in the configuration.
type door struct{ endpoint, instance int }

// An attempt is a login that is tried once, whichever Secrets it is in.
type attempt struct {
	door
	username, password string
}

// attemptAt is one with a credential.
func attemptAt(at door, c core.Credential) attempt {
	username, password := c.Login()
	return attempt{at, username, password}
}

// A login is an attempt's result; err is nil where it was accepted.
type login struct {
	candidate
	image registrylogin.Image
	tried bool
	err   error
}

// logIn gives the findings of PULL-LOGIN.
func (s *survey) logIn(ctx context.Context) []checks.Finding {
	trials := s.trials()
	logins, order := map[attempt]*login{}, []attempt{}
	for _, t := range trials {
		if logins[t.attempt] == nil {
			logins[t.attempt] = &login{candidate: t.candidate, image: t.image}
			order = append(order, t.attempt)
		}
	}
	doors := s.open(ctx, order)
	var group errgroup.Group
	group.SetLimit(atOnce)
	tried, untried := 0, 0
	for _, a := range order {
		r := doors[a.door].registry
		switch {
		case r == nil || r.IsOpen():
			continue
		case tried == mostLogins:
			untried++
			continue
		}
		l := logins[a]
		l.tried = true
		tried++
		group.Go(func() error {
			l.err = r.Try(ctx, l.credential, l.image)
			return nil
		})
	}
	_ = group.Wait() // what went wrong is in the logins
	return s.tellLogins(trials, logins, doors, untried)
}

// An entrance is what was found at a door.
type entrance struct {
	registry *registrylogin.Registry
	err      error
}

// open reaches each instance that is needed, all at once.
func (s *survey) open(ctx context.Context, attempts []attempt) map[door]*entrance {
	doors := map[door]*entrance{}
	for _, a := range attempts {
		doors[a.door] = &entrance{}
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for d, found := range doors {
		group.Go(func() error {
			found.registry, found.err = registrylogin.Open(ctx, s.Prober, waysTo(s.Config, d)...)
			return nil
		})
	}
	_ = group.Wait() // what went wrong is in the entrances
	return doors
}

// waysTo are the ways to an instance: over the network that it is used over first.
func waysTo(c *config.Config, d door) []health.Target {
	e := c.Endpoints[d.endpoint]
	i := e.Instances[d.instance]
	ways := []health.Target{{Host: e.Name, Name: i.PublicEndpoint}}
	if addrs := c.Zones()[d.endpoint].Instances[d.instance].InternalAddrs; len(addrs) > 0 {
		internal := health.Target{Host: e.Name, Addrs: addrs}
		if i.Network == zone.Internal {
			return append([]health.Target{internal}, ways...)
		}
		ways = append(ways, internal)
	}
	return ways
}
