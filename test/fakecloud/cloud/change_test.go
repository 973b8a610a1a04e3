package cloud

import (
	"maps"
	"testing"
)

func TestInstancesAreChanged(t *testing.T) {
	c := New(Data{
		AccessKeys: []AccessKey{{ID: "id", Secret: "key"}, {ID: "poor", Secret: "key", Denied: []string{"cr:CreateSyncRule"}}},
		Instances: []Instance{
			{ID: "cri-1", Region: "r", Namespaces: []Namespace{{Name: "a"}, {Name: "b"}}},
			{ID: "cri-2", Region: "r", Edition: "Enterprise_Basic", Namespaces: []Namespace{{Name: "a"}}, VPCs: []LinkedVPC{{ID: "v1"}, {ID: "v2"}}},
		},
	})
	with := func(own, further parameters) parameters {
		all := maps.Clone(own)
		maps.Copy(all, further)
		return all
	}
	rule := parameters{
		"InstanceId": "cri-1", "RegionId": "r", "NamespaceName": "a", "TargetInstanceId": "cri-2", "TargetRegionId": "r",
		"TargetNamespaceName": "a", "TagFilter": ".*", "SyncRuleName": "n", "SyncScope": "NAMESPACE", "SyncTrigger": "PASSIVE",
	}
	public := parameters{"InstanceId": "cri-1", "RegionId": "r", "EndpointType": "internet", "Enable": "true", "Entry": "192.0.2.1/32"}
	link := parameters{"InstanceId": "cri-2", "RegionId": "r", "VpcId": "v3", "VswitchId": "s"}
	const success = "success"
	for _, test := range []struct {
		action string
		p      parameters
		want   string
	}{
		{"CreateRepoSyncRule", with(rule, parameters{"TagFilter": ""}), "MissingTagFilter"},
		{"CreateRepoSyncRule", with(rule, parameters{"SyncScope": "ALL"}), "InvalidSyncScope"},
		{"CreateRepoSyncRule", with(rule, parameters{"SyncScope": "REPO"}), "MissingRepoName"},
		{"CreateRepoSyncRule", with(rule, parameters{"SyncTrigger": "NEVER"}), "InvalidSyncTrigger"},
		{"CreateRepoSyncRule", with(rule, parameters{"InstanceId": "cri-9"}), "INSTANCE_NOT_EXIST"},
		{"CreateRepoSyncRule", with(rule, parameters{"TargetInstanceId": "cri-9"}), "INSTANCE_NOT_EXIST"},
		{"CreateRepoSyncRule", with(rule, parameters{"InstanceId": "cri-2", "TargetInstanceId": "cri-1"}), "INSTANCE_EDITION_NOT_SUPPORT"},
		{"CreateRepoSyncRule", with(rule, parameters{"NamespaceName": "b", "TargetNamespaceName": "b"}), "NAMESPACE_NOT_EXIST"},
		{"CreateRepoSyncRule", with(rule, parameters{"AccessKeyId": "poor"}), "NoPrivilege"},
		{"CreateRepoSyncRule", rule, success},
		{"CreateRepoSyncRule", with(rule, parameters{"SyncRuleName": "other"}), "REPO_SYNC_RULE_EXIST"},

		{"CreateInstanceEndpointAclPolicy", public, "INSTANCE_ACCESS_ACL_ENTRY_INVALID"}, // public access is off
		{"UpdateInstanceEndpointStatus", with(public, parameters{"EndpointType": "vpc"}), "InvalidEndpointType"},
		{"UpdateInstanceEndpointStatus", with(public, parameters{"Enable": "on"}), "InvalidEnable"},
		{"UpdateInstanceEndpointStatus", public, success},
		{"CreateInstanceEndpointAclPolicy", with(public, parameters{"Entry": ""}), "MissingEntry"},
		{"CreateInstanceEndpointAclPolicy", with(public, parameters{"Entry": "0.0.0.0/0"}), "INSTANCE_ACCESS_ACL_ENTRY_INVALID"},
		{"CreateInstanceEndpointAclPolicy", with(public, parameters{"Entry": "here"}), "INSTANCE_ACCESS_ACL_ENTRY_INVALID"},
		{"CreateInstanceEndpointAclPolicy", public, success},
		{"CreateInstanceEndpointAclPolicy", public, "INSTANCE_ACCESS_ACL_ENTRY_EXIST"},

		{"CreateInstanceVpcEndpointLinkedVpc", with(link, parameters{"VswitchId": ""}), "MissingVswitchId"},
		{"CreateInstanceVpcEndpointLinkedVpc", with(link, parameters{"VpcId": "v1"}), "INSTANCE_ACCESS_EXIST"},
		{"CreateInstanceVpcEndpointLinkedVpc", link, success},
		{"CreateInstanceVpcEndpointLinkedVpc", with(link, parameters{"VpcId": "v4"}), "VPC_QUOTA_EXCEEDED"},
	} {
		_, content := send(t, c, sign(registryVersion, test.action, test.p))
		if content["Code"] != test.want {
			t.Errorf("%s %v: got %v, want %q", test.action, test.p, content["Code"], test.want)
		}
	}
	for n, want := range []string{"CREATING", "RUNNING"} {
		_, content := send(t, c, sign(registryVersion, "GetInstanceVpcEndpoint", link))
		if got := content["LinkedVpcs"].([]any)[2].(map[string]any); got["Status"] != want || got["VswitchId"] != "s" {
			t.Errorf("reading %d: got %v", n, got)
		}
	}
	if zones := c.Data().Zones; len(zones) != 1 {
		t.Errorf("a link without EnableCreateDNSRecordInPvzt=false gives %d zones, want 1", len(zones))
	}
}
