package saferules

import (
	"math"
	"strconv"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Facts are what is known of one endpoint at one moment. Where a field says why something
// isn't known, that is one sentence, and the fact beside it means nothing.
type Facts struct {
	Now      time.Time
	Endpoint zone.Endpoint
	// Primary is the instance that the cluster normally pulls from.
	Primary string
	Rules   config.Failover
	Source  config.Source

	// Standing is the switch that is in force, Target where it is to lead.
	Standing zone.Switch
	Target   zone.Target

	Changed Change
	// Health is what the probers find, by instance and network.
	Health        []healthquorum.Instance
	HealthUnknown string
	// Told is what the controller has published.
	Told Told
	// Learnt is what the controller has learnt of addresses.
	Learnt        zone.State
	LearntUnknown string

	Credentials Credentials
}

// A Change is the last one of an endpoint's switch.
type Change struct {
	// At is when; zero where it has never changed.
	At time.Time
	// By is who the API server says has written it.
	By      string
	Unknown string
}

// Credentials are what is found of the pods' pull credentials.
type Credentials struct {
	// Skipped says why nobody asks.
	Skipped string
	// Findings are those of the check PULL-SECRETS.
	Findings []checks.Finding
	Unknown  string
}

// instance is the one whose images are pulled then: of PrivateZone the primary, to which
// the rule zone-target holds it.
func (f Facts) instance() string {
	if f.Target.FollowsPrivateZone() {
		return f.Primary
	}
	return f.Target.Instance
}

func (f Facts) failback() bool { return f.instance() == f.Primary }

// Serves is the target as the probers know it. PrivateZone leads to the primary, over the
// network that its record has; where nobody knows that, over the primary's own.
func (f Facts) Serves() zone.Target {
	if !f.Target.FollowsPrivateZone() {
		return f.Target
	}
	i, _ := f.Endpoint.Instance(f.Primary)
	t := zone.Target{Instance: f.Primary, Network: i.Network}
	if z := f.Told.Zone; z != nil && z.Target == f.Primary && z.Network != "" {
		t.Network = z.Network
	}
	return t
}

// percent is a share for people, in tenths and never rounded up.
func percent(share float64) string {
	return strconv.FormatFloat(math.Floor(share*1000+1e-9)/10, 'f', -1, 64) + " %"
}
