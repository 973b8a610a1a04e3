package setup

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks/cloud"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const shared = "cross-region.registry.io"

// twoRegions pulls from zhangjiakou; hangzhou is the standby, over the Internet.
const twoRegions = `
apiVersion: registry-failover.io/v1alpha1
kind: Config
cluster: {vpcID: vpc-bbbbb, region: cn-zhangjiakou}
endpoints:
- name: cross-region.registry.io
  primary: zhangjiakou
  instances:
  - {name: hangzhou, id: cri-aaaaa, region: cn-hangzhou, publicEndpoint: a-registry.cn-hangzhou.cr.aliyuncs.com,
     internalEndpoint: a-registry-vpc.cn-hangzhou.cr.aliyuncs.com, network: public}
  - {name: zhangjiakou, id: cri-bbbbb, region: cn-zhangjiakou, publicEndpoint: b-registry.cn-zhangjiakou.cr.aliyuncs.com,
     internalEndpoint: b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com, network: internal, internalAddresses: [10.2.0.10], vpcID: vpc-bbbbb}
`

func parse(t *testing.T) *config.Config {
	t.Helper()
	c, err := config.Parse([]byte(twoRegions))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var egress = []netip.Addr{netip.MustParseAddr("192.0.2.7")}

// state is what ACR holds of an instance.
type state = cloud.Instance

// ready is a cloud in which twoRegions can fail over and back.
func ready() *model {
	rule := func(id string, from, to alibaba.SyncPlace) alibaba.SyncRule {
		return alibaba.SyncRule{ID: id, Name: id, Scope: alibaba.NamespaceScope, Automatic: true, Source: from, Target: to, RepoFilter: ".*", TagFilter: ".*"}
	}
	a := alibaba.SyncPlace{Instance: "cri-aaaaa", Region: "cn-hangzhou", Namespace: "prod"}
	b := alibaba.SyncPlace{Instance: "cri-bbbbb", Region: "cn-zhangjiakou", Namespace: "prod"}
	m := &model{instances: map[string]state{}}
	m.edit("cri-aaaaa", func(s *state) {
		s.Ways.Value.Endpoints = []alibaba.Endpoint{
			{Type: "internet", Enabled: true, Restricted: true, ACL: []string{"127.0.0.1/32", "192.0.2.0/24"}, Status: "RUNNING", Custom: []string{shared}},
			{Type: "vpc", Enabled: true, Status: "RUNNING", Custom: []string{shared}},
		}
		s.Rules.Value = []alibaba.SyncRule{rule("back", a, b)}
	})
	m.edit("cri-bbbbb", func(s *state) {
		s.Ways.Value = alibaba.Instance{
			Endpoints: []alibaba.Endpoint{
				{Type: "internet", Custom: []string{shared}},
				{Type: "vpc", Enabled: true, Status: "RUNNING", Custom: []string{shared}},
			},
			VPCs: []alibaba.LinkedVPC{{VPC: "vpc-bbbbb", Addr: netip.MustParseAddr("10.2.0.10"), Running: true}},
		}
		s.Rules.Value = []alibaba.SyncRule{rule("forth", b, a)}
	})
	for id := range m.instances {
		m.edit(id, func(s *state) {
			s.Description.Value = alibaba.Description{ID: id, Edition: alibaba.Advanced, Status: "RUNNING"}
			s.Namespaces.Value = []string{"prod"}
		})
	}
	return m
}

// bare has nothing of what twoRegions needs but the namespaces.
func bare() *model {
	m := ready()
	m.edit("cri-aaaaa", func(s *state) {
		s.Rules.Value, s.Ways.Value.Endpoints[0].Enabled, s.Ways.Value.Endpoints[0].ACL = nil, false, nil
	})
	m.edit("cri-bbbbb", func(s *state) { s.Rules.Value, s.Ways.Value.VPCs = nil, nil })
	return m
}

// plan reads the cloud and plans.
func plan(t *testing.T, c *config.Config, m *model, given Given) Todo {
	t.Helper()
	return Plan(t.Context(), cloud.Read(t.Context(), m, c, given.Egress), given)
}

// lines tells a plan in short.
func (t Todo) lines() []string {
	var lines []string
	for _, s := range t.Steps {
		line := fmt.Sprintf("%s: %s", s.Check, s.Call)
		for _, after := range s.After {
			line += " after " + after.Action()
		}
		lines = append(lines, line)
	}
	for _, w := range t.Waiting {
		lines = append(lines, fmt.Sprintf("%s %s: %s waits for %s", w.Check, w.Subject, w.Action, w.For))
	}
	for _, r := range t.Open {
		for _, f := range r.Findings {
			lines = append(lines, fmt.Sprintf("%s %s %s: %s", r.Code, f.Level, f.Subject, f.Text))
		}
	}
	return lines
}

const (
	forth = "SYNC-SCOPE: cr:CreateRepoSyncRule RegionId=cn-zhangjiakou InstanceId=cri-bbbbb NamespaceName=prod TargetInstanceId=cri-aaaaa " +
		"TargetRegionId=cn-hangzhou TargetNamespaceName=prod SyncRuleName=registry-failover-b1ca5fd0 SyncScope=NAMESPACE SyncTrigger=PASSIVE TagFilter=.*"
	back = "SYNC-SCOPE: cr:CreateRepoSyncRule RegionId=cn-hangzhou InstanceId=cri-aaaaa NamespaceName=prod TargetInstanceId=cri-bbbbb " +
		"TargetRegionId=cn-zhangjiakou TargetNamespaceName=prod SyncRuleName=registry-failover-8598caa4 SyncScope=NAMESPACE SyncTrigger=PASSIVE TagFilter=.*"
	enable = "PUBLIC-ACCESS: cr:UpdateInstanceEndpointStatus RegionId=cn-hangzhou InstanceId=cri-aaaaa EndpointType=internet ModuleName=Registry Enable=true"
	admit  = "PUBLIC-ACCESS: cr:CreateInstanceEndpointAclPolicy RegionId=cn-hangzhou InstanceId=cri-aaaaa EndpointType=internet ModuleName=Registry " +
		"Entry=192.0.2.7/32 Comment=registry-failover"
	link = "VPC-LINK: cr:CreateInstanceVpcEndpointLinkedVpc RegionId=cn-zhangjiakou InstanceId=cri-bbbbb ModuleName=Registry VpcId=vpc-bbbbb " +
		"VswitchId=vsw-1 EnableCreateDNSRecordInPvzt=false"
)
