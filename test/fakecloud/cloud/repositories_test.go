package cloud

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mirrored has a rule for a namespace and one for a repository, from cri-1 to cri-2.
func mirrored(keys ...AccessKey) *Cloud {
	return New(Data{
		AccessKeys: append(keys, AccessKey{ID: "id", Secret: "key"}),
		Instances: []Instance{
			{
				ID: "cri-1", Region: "cn-hangzhou", Namespaces: []Namespace{{Name: "prod", Repositories: []string{"web", "api"}}, {Name: "base"}},
				SyncRules: []SyncRule{
					{ID: "r1", Namespace: "prod", TargetInstance: "cri-2", TargetRegion: "cn-beijing"},
					{ID: "r2", Namespace: "base", Repository: "os", TargetInstance: "cri-2", TargetRegion: "cn-beijing", TargetRepository: "linux"},
				},
			},
			{ID: "cri-2", Region: "cn-beijing", Edition: "Enterprise_Basic", Status: "STARTING"},
		},
	})
}

func TestListsOfAnInstance(t *testing.T) {
	c := mirrored()
	for sentence, test := range map[string]struct {
		action string
		p      parameters
		list   string
		field  string
		want   []string
		total  any
	}{
		"namespaces, with a total that is a text": {"ListNamespace", nil, "Namespaces", "NamespaceName", []string{"prod", "base"}, "2"},
		"the first page":                       {"ListNamespace", parameters{"PageSize": "1"}, "Namespaces", "NamespaceName", []string{"prod"}, "2"},
		"the last page":                        {"ListNamespace", parameters{"PageSize": "1", "PageNo": "2"}, "Namespaces", "NamespaceName", []string{"base"}, "2"},
		"repositories of a namespace":          {"ListRepository", parameters{"RepoNamespaceName": "prod"}, "Repositories", "RepoName", []string{"web", "api"}, "2"},
		"repositories of an empty one":         {"ListRepository", parameters{"RepoNamespaceName": "base"}, "Repositories", "RepoName", nil, "0"},
		"rules, with a total that is a number": {"ListRepoSyncRule", nil, "SyncRules", "SyncScope", []string{"NAMESPACE", "REPO"}, 2.0},
		"rules go from here":                   {"ListRepoSyncRule", nil, "SyncRules", "SyncDirection", []string{"FROM", "FROM"}, 2.0},
		"rules of a namespace":                 {"ListRepoSyncRule", parameters{"NamespaceName": "base"}, "SyncRules", "TargetRepoName", []string{"linux"}, 1.0},
		"rules to nobody":                      {"ListRepoSyncRule", parameters{"TargetInstanceId": "cri-3"}, "SyncRules", "SyncRuleId", nil, 0.0},
		"the other's rules go to it": {
			"ListRepoSyncRule", parameters{"InstanceId": "cri-2", "RegionId": "cn-beijing"}, "SyncRules", "SyncDirection", []string{"TO", "TO"}, 2.0,
		},
		"the other is the local one there": {
			"ListRepoSyncRule", parameters{"InstanceId": "cri-2", "RegionId": "cn-beijing"}, "SyncRules", "LocalRepoName", []string{"", "linux"}, 2.0,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			p := parameters{"InstanceId": "cri-1", "RegionId": "cn-hangzhou"}
			maps.Copy(p, test.p)
			_, content := send(t, c, sign(registryVersion, test.action, p))
			var got []string
			for _, item := range content[test.list].([]any) {
				got = append(got, fmt.Sprint(item.(map[string]any)[test.field]))
			}
			if diff := cmp.Diff(test.want, got); diff != "" || content["TotalCount"] != test.total || content["IsSuccess"] != true {
				t.Errorf("%v\n%s", content, diff)
			}
		})
	}
	if _, content := send(t, c, sign(registryVersion, "ListNamespace", parameters{"InstanceId": "cri-1", "RegionId": "cn-hangzhou", "PageSize": "101"})); content["Code"] != "InvalidPageSize" {
		t.Errorf("got %v", content)
	}
}

func TestEditions(t *testing.T) {
	c := mirrored()
	for id, want := range map[string][]any{"cri-1": {"cn-hangzhou", "Enterprise_Advanced", "RUNNING"}, "cri-2": {"cn-beijing", "Enterprise_Basic", "STARTING"}} {
		_, content := send(t, c, sign(registryVersion, "GetInstance", parameters{"InstanceId": id, "RegionId": want[0].(string)}))
		if got := []any{content["InstanceSpecification"], content["InstanceStatus"]}; !slices.Equal(got, want[1:]) {
			t.Errorf("%s: got %v", id, got)
		}
	}
}

func TestRightsAreDeniedByTheNamesThatRAMHas(t *testing.T) {
	c := mirrored(AccessKey{ID: "poor", Secret: "key", Denied: []string{"cr:ListSyncRule", "cr:GetInstance", "ListNamespace", "pvtz:DescribeZones"}})
	for action, want := range map[string]string{
		"ListRepoSyncRule": "NoPrivilege", "GetInstance": "NoPrivilege", "ListNamespace": "NoPrivilege", "ListRepository": "success",
	} {
		status, content := send(t, c, sign(registryVersion, action, parameters{"AccessKeyId": "poor", "InstanceId": "cri-1", "RegionId": "cn-hangzhou"}))
		if content["Code"] != want || (status == 403) != (want == "NoPrivilege") {
			t.Errorf("%s: got %d %v", action, status, content)
		}
	}
	if _, content := send(t, c, sign("2018-01-01", "DescribeZones", parameters{"AccessKeyId": "poor"})); content["Code"] != "Forbidden.RAM" {
		t.Errorf("got %v", content)
	}
}

func TestAPageOfACRIsSpoilt(t *testing.T) {
	c := mirrored()
	c.Inject(Fault{Action: "ListNamespace", Short: 1, More: 3})
	c.Inject(Fault{Action: "ListRepoSyncRule", Repeat: true, More: 1})
	p := parameters{"InstanceId": "cri-1", "RegionId": "cn-hangzhou"}
	if _, content := send(t, c, sign(registryVersion, "ListNamespace", p)); len(content["Namespaces"].([]any)) != 1 || content["TotalCount"] != "5" {
		t.Errorf("got %v", content)
	}
	_, content := send(t, c, sign(registryVersion, "ListRepoSyncRule", p))
	rules := content["SyncRules"].([]any)
	if content["TotalCount"] != 3.0 || rules[0].(map[string]any)["SyncRuleId"] != rules[1].(map[string]any)["SyncRuleId"] {
		t.Errorf("got %v", content)
	}
}
