package setup

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/config"
)

func TestPlan(t *testing.T) {
	const a, b = "cri-aaaaa", "cri-bbbbb"
	type change = func(*config.Config, *model)
	edit := func(id string, change func(*state)) change {
		return func(_ *config.Config, m *model) { m.edit(id, change) }
	}
	rule := func(edit func(*alibaba.SyncRule)) change {
		return func(_ *config.Config, m *model) { m.edit(b, func(s *state) { edit(&s.Rules.Value[0]) }) }
	}
	endpoint := func(edit func(*alibaba.Endpoint)) change {
		return func(_ *config.Config, m *model) { m.edit(a, func(s *state) { edit(&s.Ways.Value.Endpoints[0]) }) }
	}
	inVPC := func(c *config.Config, _ *model) { // with an address that PrivateZone needn't know
		c.Endpoints[0].Instances[0].VPCID, c.Endpoints[0].Instances[0].InternalAddresses = "vpc-aaaaa", []string{"10.1.0.10"}
	}
	without := Given{}
	given := Given{Egress: egress, VSwitches: map[string]string{"zhangjiakou": "vsw-1"}}
	const (
		notCopied = "SYNC-SCOPE failed zhangjiakou→hangzhou: no rule copies prod/api, prod/web at each push: after a failover pods that need it can't start"
		everybody = "PUBLIC-ACCESS warning hangzhou/public: the public endpoint of cri-aaaaa lets in every address"
	)
	for sentence, test := range map[string]struct {
		given  Given
		change change
		want   []string
	}{
		"where all is as it should be nothing is to do": {given, func(*config.Config, *model) {}, nil},

		"a namespace without a rule gets one":   {given, edit(b, func(s *state) { s.Rules.Value = nil }), []string{forth}},
		"so does the way back":                  {given, edit(a, func(s *state) { s.Rules.Value = nil }), []string{back}},
		"a rule to another instance is none":    {given, rule(func(r *alibaba.SyncRule) { r.Target.Instance = "cri-ccccc" }), []string{forth}},
		"a filter that filters nothing is none": {given, rule(func(r *alibaba.SyncRule) { r.TagFilter, r.RepoFilter = "^.*$", "" }), nil},
		"a rule of another namespace is none": {given, rule(func(r *alibaba.SyncRule) { r.Source.Namespace, r.Target.Namespace = "dev", "dev" }), []string{
			forth, "SYNC-SCOPE failed zhangjiakou→hangzhou: the rule forth copies to the namespace dev, which hangzhou doesn't have",
		}},
		"a rule that leaves out tags is told and stays": {given, rule(func(r *alibaba.SyncRule) { r.TagFilter = "v.*" }), []string{
			`SYNC-SCOPE warning zhangjiakou→hangzhou: of prod only tags are copied that match "v.*" (forth)`,
		}},
		"a rule that renames is told and stays": {given, rule(func(r *alibaba.SyncRule) { r.Target.Namespace = "copy" }), []string{
			"SYNC-NAMES failed zhangjiakou→hangzhou: the rule forth copies prod to copy: under the shared name, hangzhou has no prod, or another one",
			notCopied, "SYNC-SCOPE failed zhangjiakou→hangzhou: the rule forth copies to the namespace copy, which hangzhou doesn't have",
		}},
		"a rule that somebody must start is told and stays": {given, rule(func(r *alibaba.SyncRule) { r.Automatic = false }), []string{
			"SYNC-RULES failed zhangjiakou→hangzhou: images are copied only when somebody starts it, by forth: else after a failover they aren't there", notCopied,
		}},
		"a rule for one repository is told and stays": {given, rule(func(r *alibaba.SyncRule) {
			r.Scope, r.Source.Repo, r.Target.Repo = alibaba.RepositoryScope, "web", "web"
		}), []string{
			"SYNC-SCOPE failed zhangjiakou→hangzhou: no rule copies prod/api at each push: after a failover pods that need it can't start",
		}},
		"a namespace that the standby hasn't got is made by a person": {given, edit(b, func(s *state) { s.Namespaces.Value = []string{"dev", "prod"} }), []string{
			"SYNC-SCOPE zhangjiakou→hangzhou: CreateRepoSyncRule waits for the namespace dev at hangzhou: make it in ACR's console, with repositories made automatically",
			"SYNC-SCOPE failed zhangjiakou→hangzhou: no rule copies dev/api, dev/web at each push: after a failover pods that need it can't start",
		}},
		"a namespace that only the standby has is left alone": {given, edit(a, func(s *state) { s.Namespaces.Value = []string{"dev", "prod"} }), nil},
		"a namespace that the endpoint leaves out is left alone": {given, func(c *config.Config, m *model) {
			c.Endpoints[0].Rewrite.Repositories.Exclude = []string{"dev/**"}
			m.edit(b, func(s *state) { s.Namespaces.Value = []string{"dev", "prod"} })
		}, nil},
		"a namespace of which the endpoint names one repository isn't left out": {given, func(c *config.Config, m *model) {
			c.Endpoints[0].Rewrite.Repositories.Include = []string{"prod/web"}
			m.edit(b, func(s *state) { s.Rules.Value, s.Namespaces.Value = nil, []string{"dev", "prod"} })
		}, []string{forth}},
		"a Basic primary can't be copied from, which fails": {given, edit(b, func(s *state) { s.Description.Value.Edition, s.Rules.Value = alibaba.Basic, nil }), []string{
			"EDITION failed zhangjiakou: its edition Enterprise_Basic can only be copied to: its images can't be copied to a standby",
			"SYNC-RULES failed zhangjiakou→hangzhou: no rule copies images from zhangjiakou to hangzhou: after a failover they aren't there", notCopied,
		}},
		"a Basic standby can't be copied from, which warns": {given, edit(a, func(s *state) { s.Description.Value.Edition, s.Rules.Value = alibaba.Basic, nil }), []string{
			"EDITION warning hangzhou: its edition Enterprise_Basic can only be copied to: what is pushed to it during a failover isn't copied back",
			"SYNC-RULES warning hangzhou→zhangjiakou: no rule copies images from hangzhou to zhangjiakou: what is pushed during a failover isn't there after the failback",
		}},
		"of a Standard primary nobody knows, and ACR decides": {given, edit(b, func(s *state) { s.Description.Value.Edition, s.Rules.Value = alibaba.Standard, nil }), []string{forth}},

		"public access that is off is opened, then the addresses are let in": {given, endpoint(func(e *alibaba.Endpoint) { e.Enabled, e.ACL = false, nil }),
			[]string{enable, admit + " after UpdateInstanceEndpointStatus"}},
		"whatever the status of a closed endpoint is": {given, endpoint(func(e *alibaba.Endpoint) { e.Enabled, e.Status, e.ACL = false, "STOPPED", nil }),
			[]string{enable, admit + " after UpdateInstanceEndpointStatus"}},
		"an endpoint that isn't there yet is opened, too": {given, edit(a, func(s *state) { s.Ways.Value.Endpoints = s.Ways.Value.Endpoints[1:] }), []string{
			enable, admit + " after UpdateInstanceEndpointStatus", "CUSTOM-DOMAIN warning hangzhou: cri-aaaaa carries the domain, but not at its public endpoint",
		}},
		"without addresses public access stays off": {without, endpoint(func(e *alibaba.Endpoint) { e.Enabled = false }), []string{
			"PUBLIC-ACCESS hangzhou/public: UpdateInstanceEndpointStatus waits for --egress IP",
		}},
		"an address that isn't in the list is let in":               {given, endpoint(func(e *alibaba.Endpoint) { e.ACL = []string{"127.0.0.1/32"} }), []string{admit}},
		"an address that is in the list as it is is let in already": {given, endpoint(func(e *alibaba.Endpoint) { e.ACL = []string{"192.0.2.7"} }), nil},
		"whether a list lets the cluster in can't be known without addresses": {without, func(*config.Config, *model) {}, []string{
			"PUBLIC-ACCESS hangzhou/public: CreateInstanceEndpointAclPolicy waits for --egress IP",
		}},
		"the first entry of an empty list would shut others out": {given, endpoint(func(e *alibaba.Endpoint) { e.ACL = nil }), []string{everybody}},
		"a list that isn't in force lets everybody in":           {without, endpoint(func(e *alibaba.Endpoint) { e.Restricted = false }), []string{everybody}},

		"a VPC without an address gets one": {given, edit(b, func(s *state) { s.Ways.Value.VPCs = nil }), []string{link}},
		"it waits for the vSwitch": {Given{Egress: egress}, edit(b, func(s *state) { s.Ways.Value.VPCs = nil }), []string{
			"VPC-LINK zhangjiakou/internal: CreateInstanceVpcEndpointLinkedVpc waits for --vswitch zhangjiakou=ID of a vSwitch in vpc-bbbbb",
		}},
		"an instance that is used over the Internet gets an address in its VPC only where somebody gives a vSwitch": {
			Given{Egress: egress, VSwitches: map[string]string{"hangzhou": "vsw-2"}},
			inVPC,
			[]string{"VPC-LINK: cr:CreateInstanceVpcEndpointLinkedVpc RegionId=cn-hangzhou InstanceId=cri-aaaaa ModuleName=Registry VpcId=vpc-aaaaa " +
				"VswitchId=vsw-2 EnableCreateDNSRecordInPvzt=false"},
		},
		"it waits for none": {given, inVPC, []string{
			"VPC-LINK warning hangzhou/internal: cri-aaaaa isn't linked to vpc-aaaaa: it is linked to no VPC",
		}},
		"an address that is being made is waited for": {given, edit(b, func(s *state) { s.Ways.Value.VPCs = []alibaba.LinkedVPC{{VPC: "vpc-bbbbb"}} }), []string{
			"VPC-LINK warning zhangjiakou/internal: the address of cri-bbbbb in vpc-bbbbb is being made",
		}},
		"where nothing tells the VPC, a person does": {given, func(c *config.Config, m *model) {
			c.Endpoints[0].Instances[1].VPCID = ""
			m.edit(b, func(s *state) { s.Ways.Value.VPCs = nil })
		}, []string{"VPC-LINK failed zhangjiakou/internal: cri-bbbbb has none of the addresses 10.2.0.10: it is linked to no VPC"}},
		"access from VPCs is switched on by a person": {given, edit(b, func(s *state) { s.Ways.Value.Endpoints[1].Enabled = false }), []string{
			"VPC-LINK failed zhangjiakou/internal: the endpoint of cri-bbbbb in VPCs is disabled",
		}},

		"a custom domain is added by a person": {given, edit(b, func(s *state) { s.Ways.Value.Endpoints[0].Custom, s.Ways.Value.Endpoints[1].Custom = nil, nil }), []string{
			"CUSTOM-DOMAIN failed zhangjiakou: cri-bbbbb doesn't carry the domain: it answers with another's certificate, or not at all",
		}},
		"an instance that can't be read isn't changed": {given, edit(a, func(s *state) {
			s.Description.Err = errors.New("e") // then nothing else is asked
		}), []string{
			"CUSTOM-DOMAIN unknown hangzhou: not looked at: e", "EDITION unknown hangzhou: not looked at: e",
			"SYNC-RULES unknown hangzhou→zhangjiakou: not looked at: e", "SYNC-NAMES unknown hangzhou→zhangjiakou: not looked at: e",
			"SYNC-SCOPE unknown zhangjiakou→hangzhou: not looked at: e", "PUBLIC-ACCESS unknown hangzhou/public: not looked at: e",
		}},
		"two endpoints of the same instances need one rule": {given, func(c *config.Config, m *model) {
			second := c.Endpoints[0]
			second.Name = "second.registry.io"
			c.Endpoints = append(c.Endpoints, second)
			for id := range m.instances {
				m.edit(id, func(s *state) {
					s.Rules.Value = nil
					for i := range s.Ways.Value.Endpoints {
						s.Ways.Value.Endpoints[i].Custom = []string{shared, second.Name}
					}
				})
			}
		}, []string{forth, back}},
	} {
		t.Run(sentence, func(t *testing.T) {
			c, m := parse(t), ready()
			test.change(c, m)
			todo := plan(t, c, m, test.given)
			if diff := cmp.Diff(test.want, todo.lines()); diff != "" {
				t.Error(diff)
			}
			for _, s := range todo.Steps {
				if s.Why == "" || s.Opens == "" || s.Endpoint != shared {
					t.Errorf("the step tells too little: %+v", s)
				}
			}
		})
	}
}
