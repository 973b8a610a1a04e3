package cloud

import (
	"fmt"
	"strings"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/cloudreader"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// zoneLevels are the findings of the controller's own judgement that are about
// zones; the others belong to other checks here.
var zoneLevels = map[cloudreader.Code]struct {
	level  checks.Level
	remedy string
}{
	cloudreader.NoZone:          {checks.Failed, "add the custom domain in ACR for this VPC, or make the zone and bind it to the VPC, in the consoles"},
	cloudreader.AmbiguousZone:   {checks.Failed, "unbind all but one from the VPC in PrivateZone's console"},
	cloudreader.EmptyZone:       {checks.Failed, "give it the record @ in PrivateZone's console"},
	cloudreader.UnusableAddress: {checks.Failed, "correct the record @ in PrivateZone's console"},
	cloudreader.IgnoredRecord:   {checks.Warning, "give the record @ the line default and no weight in PrivateZone's console, if all clients shall see the same"},
	cloudreader.Disagreement:    {checks.Warning, "correct whichever is wrong: the configuration, the zone's record @, or ACR"},
	cloudreader.NotPrimary:      {checks.Warning, "set the record @ back in PrivateZone's console once the failover by hand is over"},
}

// zones says what the controller would say of PrivateZone with privateZone.source API.
func zones(v view) []checks.Finding {
	read := v.Zones[v.Name]
	if read.Err != nil {
		return []checks.Finding{unknown("", read.Err)}
	}
	if v.Config.Cluster.VPCID == "" {
		return []checks.Finding{find(checks.Unknown, "", "not looked at: the configuration doesn't say the cluster's VPC", "set cluster.vpcID in the configuration")}
	}
	result := cloudreader.Merge(v.input(read.Value))
	var all []checks.Finding
	for _, f := range result.Findings {
		if as, about := zoneLevels[f.Code]; about {
			if strings.HasSuffix(f.Text, cloudreader.FromACR) { // a failover finds the instance without
				as.level = checks.Warning
			}
			all = append(all, find(as.level, "", f.Text, as.remedy))
		}
	}
	if v.Config.PrivateZone.WriteBack && !v.Config.PrivateZone.Force {
		all = append(all, v.unwritable(read.Value)...)
	}
	if result.Target.Instance != "" && result.Target.Instance == v.Primary {
		all = append(all, ok("", "in %s the name leads to the primary %s", v.Config.Cluster.VPCID, v.Primary))
	}
	for _, z := range read.Value {
		all = append(all, ok(z.ID, "%s", describe(z)))
	}
	return all
}

// input is what the controller would know.
func (v view) input(read []alibaba.Zone) cloudreader.Input {
	in := cloudreader.Input{
		Endpoint: v.zoneEndpoint(), Primary: v.Primary, Zones: read,
		Instances: map[string]alibaba.Instance{}, Unread: map[string]cloudreader.Unread{},
	}
	for _, i := range v.Endpoint.Instances {
		if ways := v.of(i).Ways; ways.Err != nil {
			in.Unread[i.Name] = cloudreader.Unread{Err: ways.Err}
		} else {
			in.Instances[i.Name] = ways.Value
		}
	}
	return in
}

func (v view) zoneEndpoint() zone.Endpoint {
	for _, e := range v.Config.Zones() {
		if e.Name == v.Name {
			return e
		}
	}
	panic("an endpoint of the configuration isn't in the configuration")
}

// unwritable tells of zones that privateZone.writeBack doesn't touch.
func (v view) unwritable(read []alibaba.Zone) []checks.Finding {
	var all []checks.Finding
	for _, z := range read {
		for _, vpc := range z.VPCs {
			if z.ByService && vpc.ID == v.Config.Cluster.VPCID {
				all = append(all, find(checks.Failed, z.ID, fmt.Sprintf("a service has made the zone of %s, and privateZone.writeBack writes into none of those", vpc.ID),
					"read docs/writeback.md, then set privateZone.force, or writeBack to false"))
			}
		}
	}
	return all
}

func describe(z alibaba.Zone) string {
	creator := "a user"
	if z.ByService {
		creator = "a service"
	}
	var vpcs, values []string
	for _, vpc := range z.VPCs {
		vpcs = append(vpcs, vpc.ID)
	}
	for _, r := range z.Records {
		values = append(values, r.Type()+" "+r.Value())
	}
	where, what := "bound to no VPC", "nowhere"
	if len(vpcs) > 0 {
		where = "bound to " + some(vpcs)
	}
	if len(values) > 0 {
		what = strings.Replace(some(values), ", and", " and", 1)
	}
	return fmt.Sprintf("made by %s, %s, leads to %s", creator, where, what)
}
