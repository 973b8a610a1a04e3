package cloud

import (
	"fmt"
	"net/netip"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// A World is what was read for a configuration.
type World struct {
	// Config is valid.
	Config *config.Config
	// Egress are the addresses that the cluster has on the Internet; nil where nobody told.
	Egress []netip.Addr
	// Instances are by their Key.
	Instances map[string]Instance
	// Zones are by the endpoints' names.
	Zones map[string]Answer[[]alibaba.Zone]
}

// An Instance is what ACR says of one.
type Instance struct {
	Description Answer[alibaba.Description]
	Ways        Answer[alibaba.Instance]
	// Rules copy images from the instance.
	Rules      Answer[[]alibaba.SyncRule]
	Namespaces Answer[[]string]
	// ByHand are those that make no repository when one is pushed, or copied, that isn't there.
	ByHand []string
	// Repositories are by namespaces: of the primary, those that no rule copies as a whole.
	Repositories map[string]Answer[[]string]
}

// An Answer is what a question was answered, or why it wasn't.
type Answer[T any] struct {
	Value T
	Err   error
}

// errTooMany says that a question wasn't asked, because of too many before.
var errTooMany = fmt.Errorf("repositories are listed of %d namespaces without a rule for all of them", maxNamespaces)

// A view is an endpoint of a World.
type view struct {
	World
	config.Endpoint
}

func (w World) views() []view {
	var views []view
	for _, e := range w.Config.Endpoints {
		views = append(views, view{w, e})
	}
	return views
}

// of gives what was read of an instance of the endpoint.
func (v view) of(i config.Instance) Instance { return v.World.Instances[Key(v.Endpoint, i)] }

// Key tells apart the instances of one name that two endpoints may have.
func Key(e config.Endpoint, i config.Instance) string { return e.Name + "/" + i.Name }

// patterns choose the repositories that the endpoint stands for.
func (v view) patterns() rewrite.Patterns {
	return rewrite.Patterns{Include: v.Rewrite.Repositories.Include, Exclude: v.Rewrite.Repositories.Exclude}
}

// primary is the instance that the cluster normally pulls from, standbys are the others.
func (v view) primary() (primary config.Instance, standbys []config.Instance) {
	for _, i := range v.Endpoint.Instances {
		if i.Name == v.Primary {
			primary = i
		} else {
			standbys = append(standbys, i)
		}
	}
	return primary, standbys
}
