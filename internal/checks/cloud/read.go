package cloud

import (
	"context"
	"net/netip"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// Cloud is what reads from the cloud: an *alibaba.Client.
type Cloud interface {
	ReadZones(ctx context.Context, name string) ([]alibaba.Zone, error)
	ReadInstance(ctx context.Context, id, region string) (alibaba.Instance, error)
	DescribeInstance(ctx context.Context, id, region string) (alibaba.Description, error)
	ReadSyncRules(ctx context.Context, id, region string) ([]alibaba.SyncRule, error)
	ReadNamespaces(ctx context.Context, id, region string) ([]alibaba.Namespace, error)
	ReadRepositories(ctx context.Context, id, region, namespace string) ([]string, error)
}

// maxNamespaces is of how many namespaces the repositories are listed, a call each.
const maxNamespaces = 50

// Read asks the cloud once for all that the checks look at.
func Read(ctx context.Context, cloud Cloud, c *config.Config, egress []netip.Addr) World {
	w := World{Config: c, Egress: egress, Instances: map[string]Instance{}, Zones: map[string]Answer[[]alibaba.Zone]{}}
	known := map[string]Instance{} // by id
	for _, v := range w.views() {
		zones, err := cloud.ReadZones(ctx, v.Name)
		w.Zones[v.Name] = Answer[[]alibaba.Zone]{zones, err}
		for _, i := range v.Endpoint.Instances {
			read, again := known[i.ID]
			if !again {
				read = readInstance(ctx, cloud, i)
				known[i.ID] = read
			}
			w.Instances[Key(v.Endpoint, i)] = read
		}
		readRepositories(ctx, cloud, v)
	}
	return w
}

func readInstance(ctx context.Context, cloud Cloud, i config.Instance) Instance {
	read := Instance{Repositories: map[string]Answer[[]string]{}}
	read.Description.Value, read.Description.Err = cloud.DescribeInstance(ctx, i.ID, i.Region)
	if err := read.Description.Err; hopeless(err) {
		read.Ways.Err, read.Rules.Err, read.Namespaces.Err = err, err, err
		return read
	}
	read.Ways.Value, read.Ways.Err = cloud.ReadInstance(ctx, i.ID, i.Region)
	read.Rules.Value, read.Rules.Err = cloud.ReadSyncRules(ctx, i.ID, i.Region)
	namespaces, err := cloud.ReadNamespaces(ctx, i.ID, i.Region)
	read.Namespaces.Err = err
	for _, n := range namespaces {
		read.Namespaces.Value = append(read.Namespaces.Value, n.Name)
		if !n.AutoCreate {
			read.ByHand = append(read.ByHand, n.Name)
		}
	}
	return read
}

// hopeless tells whether the next call would fail as well: repeated, each takes a
// time that the other checks need.
func hopeless(err error) bool {
	if err == nil {
		return false
	}
	switch alibaba.KindOf(err) {
	case alibaba.Unauthenticated, alibaba.Expired, alibaba.ClockSkew, alibaba.Throttled, alibaba.Temporary:
		return true
	default:
		return false
	}
}

// readRepositories lists what the primary has in namespaces that aren't copied as
// a whole: only there, single repositories matter.
func readRepositories(ctx context.Context, cloud Cloud, v view) {
	primary, standbys := v.primary()
	read := v.of(primary)
	if read.Rules.Err != nil || read.Namespaces.Err != nil {
		return
	}
	var over error // why no further call is made
	for _, namespace := range read.Namespaces.Value {
		_, listed := read.Repositories[namespace]
		for _, s := range standbys {
			if listed || len(whole(read.Rules.Value, namespace, s.ID)) > 0 {
				continue
			}
			listed = true
			if over == nil && len(read.Repositories) >= maxNamespaces {
				over = errTooMany
			}
			a := Answer[[]string]{Err: over}
			if over == nil {
				a.Value, a.Err = cloud.ReadRepositories(ctx, primary.ID, primary.Region, namespace)
			}
			if hopeless(a.Err) {
				over = a.Err
			}
			read.Repositories[namespace] = a
		}
	}
}
