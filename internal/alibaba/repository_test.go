package alibaba

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

func TestNamespacesAndRepositoriesOverHTTPS(t *testing.T) {
	data := twoRegions(t)
	base := cloud.Namespace{Name: "base", ByHand: true}
	for i := range 120 {
		base.Repositories = append(base.Repositories, fmt.Sprintf("image-%d", i))
	}
	data.Instances[0].Namespaces = append(data.Instances[0].Namespaces, base)
	w := newWorld(t, data, validKey)
	w.listen(t)
	namespaces, err := w.client.ReadNamespaces(t.Context(), "cri-aaaaa", "cn-hangzhou")
	if diff := cmp.Diff([]Namespace{{Name: "base"}, {Name: "prod", AutoCreate: true}}, namespaces); diff != "" || err != nil {
		t.Error(err, diff)
	}
	repositories, err := w.client.ReadRepositories(t.Context(), "cri-aaaaa", "cn-hangzhou", "prod")
	if diff := cmp.Diff([]string{"api", "web"}, repositories); diff != "" || err != nil {
		t.Error(err, diff)
	}
	repositories, err = w.client.ReadRepositories(t.Context(), "cri-aaaaa", "cn-hangzhou", "base")
	if len(repositories) != 120 || err != nil {
		t.Error(err, len(repositories))
	}
}

func TestDescribeInstance(t *testing.T) {
	data := twoRegions(t)
	data.Instances[0].Edition, data.Instances[0].Status = "Enterprise_Basic", "STOPPED"
	w := newWorld(t, data, validKey)
	w.listen(t)
	got, err := w.client.DescribeInstance(t.Context(), "cri-aaaaa", "cn-hangzhou")
	if want := (Description{ID: "cri-aaaaa", Edition: Basic, Status: "STOPPED"}); got != want || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWhatCantBeReadOfAnInstance(t *testing.T) {
	read := map[string]func(*testing.T, *Client) error{
		"GetInstance": func(t *testing.T, c *Client) error {
			_, err := c.DescribeInstance(t.Context(), "cri-aaaaa", "cn-hangzhou")
			return err
		},
		"ListNamespace": func(t *testing.T, c *Client) error {
			_, err := c.ReadNamespaces(t.Context(), "cri-aaaaa", "cn-hangzhou")
			return err
		},
		"ListRepository": func(t *testing.T, c *Client) error {
			_, err := c.ReadRepositories(t.Context(), "cri-aaaaa", "cn-hangzhou", "prod")
			return err
		},
	}
	for sentence, test := range map[string]struct {
		fault cloud.Fault
		kind  Kind
		want  string
	}{
		"an edition is missing":           {cloud.Fault{Action: "GetInstance", Body: `{"IsSuccess":true,"InstanceId":"cri-aaaaa"}`}, Malformed, "lacks the instance's id, edition or status"},
		"another instance answers":        {cloud.Fault{Action: "GetInstance", Body: `{"IsSuccess":true,"InstanceId":"x","InstanceSpecification":"x","InstanceStatus":"x"}`}, Malformed, "lacks"},
		"the edition isn't shown":         {cloud.Fault{Action: "GetInstance", Code: "NoPrivilege", Status: 403}, Denied, "allow cr:GetInstance in the RAM policy"},
		"namespaces aren't shown":         {cloud.Fault{Action: "ListNamespace", Code: "NoPrivilege", Status: 403}, Denied, "allow cr:ListNamespace in the RAM policy"},
		"namespaces without a success":    {cloud.Fault{Action: "ListNamespace", Unsuccessful: true, Code: "X"}, Refused, "X"},
		"a total that is no number":       {cloud.Fault{Action: "ListNamespace", Body: `{"IsSuccess":true,"PageNo":1,"PageSize":100,"TotalCount":"many"}`}, Malformed, `TotalCount "many"`},
		"a namespace without a name":      {cloud.Fault{Action: "ListNamespace", Body: `{"IsSuccess":true,"PageNo":1,"PageSize":100,"TotalCount":"1","Namespaces":[{}]}`}, Malformed, "has no id"},
		"a repository is there twice":     {cloud.Fault{Action: "ListRepository", Repeat: true}, Malformed, "is there twice"},
		"a page lacks a repository":       {cloud.Fault{Action: "ListRepository", Short: 1}, Malformed, "the list changed"},
		"a repository of another's":       {cloud.Fault{Action: "ListRepository", Body: `{"IsSuccess":true,"PageNo":1,"PageSize":100,"TotalCount":"1","Repositories":[{"RepoName":"a","RepoNamespaceName":"b"}]}`}, Malformed, `a repository of "b"`},
		"repositories without a success":  {cloud.Fault{Action: "ListRepository", Body: `{}`}, Malformed, "doesn't say whether it is one"},
		"an edition without a success":    {cloud.Fault{Action: "GetInstance", Unsuccessful: true, Code: "INSTANCE_NOT_EXIST"}, Refused, "INSTANCE_NOT_EXIST"},
		"repositories' total is no total": {cloud.Fault{Action: "ListRepository", Body: `{"IsSuccess":true,"PageNo":1,"PageSize":100,"TotalCount":""}`}, Malformed, `TotalCount ""`},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, twoRegions(t), validKey)
			w.Inject(test.fault)
			err := read[test.fault.Action](t, w.client)
			if err == nil || KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v (%s), want %q (%s)", err, KindOf(err), test.want, test.kind)
			}
		})
	}
}
