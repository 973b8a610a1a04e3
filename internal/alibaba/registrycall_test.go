package alibaba

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// someCalls has one of each, that the cloud of twoRegions takes in this order.
var someCalls = []RegistryCall{
	SyncNamespace("cri-bbbbb", "cn-zhangjiakou", "cri-aaaaa", "cn-hangzhou", "demo"),
	EnablePublicAccess("cri-aaaaa", "cn-hangzhou"),
	AdmitAddresses("cri-aaaaa", "cn-hangzhou", netip.MustParsePrefix("192.0.2.7/32"), "registry-failover"),
	LinkVPC("cri-aaaaa", "cn-hangzhou", "vpc-ccccc", "vsw-1"),
}

// unprepared is a cloud in which none of someCalls has been carried out.
func unprepared(t *testing.T) cloud.Data {
	t.Helper()
	data := twoRegions(t)
	for i := range data.Instances {
		data.Instances[i].Public.Enabled = false
		data.Instances[i].Namespaces = append(data.Instances[i].Namespaces, cloud.Namespace{Name: "demo"})
	}
	return data
}

func TestRegistryCallsAreMadeAsTheyAreShown(t *testing.T) {
	w := newWorld(t, unprepared(t), validKey)
	zones := w.Data().Zones
	for n, call := range someCalls {
		if err := w.client.Carry(t.Context(), call); err != nil {
			t.Fatal(call, err)
		}
		sent := w.Calls()[n]
		shown := fmt.Sprintf("cr:%s", sent.Action)
		for _, p := range call.Parameters() {
			if sent.Query[p.Name] == "" {
				t.Errorf("%s is shown and not sent: %s", p.Name, call)
			}
			shown += " " + p.Name + "=" + sent.Query[p.Name]
			delete(sent.Query, p.Name)
		}
		if shown != call.String() {
			t.Errorf("sent  %s\nshown %s", shown, call)
		}
		for name := range sent.Query {
			if !strings.HasPrefix(name, "Signature") && name != "Action" && name != "Version" && name != "Format" && name != "Timestamp" && name != "AccessKeyId" {
				t.Errorf("%s is sent and not shown: %s", name, call)
			}
		}
	}
	if diff := cmp.Diff(zones, w.Data().Zones); diff != "" {
		t.Errorf("PrivateZone has changed:\n%s", diff)
	}
	i, err := w.client.ReadInstance(t.Context(), "cri-aaaaa", "cn-hangzhou")
	if err != nil {
		t.Fatal(err)
	}
	if e := i.Endpoints[0]; !e.Enabled || !cmp.Equal(e.ACL, []string{"127.0.0.1/32", "192.0.2.7/32"}) || i.VPCs[1].VPC != "vpc-ccccc" {
		t.Errorf("got %+v", i)
	}
	rules, err := w.client.ReadSyncRules(t.Context(), "cri-bbbbb", "cn-zhangjiakou")
	if err != nil {
		t.Fatal(err)
	}
	want := SyncRule{
		Name: "registry-failover-927d6676", Scope: NamespaceScope, Automatic: true, RepoFilter: ".*", TagFilter: ".*",
		Source: SyncPlace{Instance: "cri-bbbbb", Region: "cn-zhangjiakou", Namespace: "demo"}, Target: SyncPlace{Instance: "cri-aaaaa", Region: "cn-hangzhou", Namespace: "demo"},
	}
	rules[0].ID = ""
	if diff := cmp.Diff(want, rules[0]); diff != "" {
		t.Error(diff)
	}
}

// TestARegistryCallIsMadeOnce, because nobody knows whether one that failed was carried out.
func TestARegistryCallIsMadeOnce(t *testing.T) {
	for sentence, test := range map[string]struct {
		fault cloud.Fault
		kind  Kind
		want  string
	}{
		"throttled":                              {cloud.Fault{Code: "Throttling.User"}, Throttled, "Throttling.User"},
		"an error of the service":                {cloud.Fault{Code: "SystemError", Status: 500}, Temporary, "SystemError"},
		"an answer that is cut off":              {cloud.Fault{Cut: true}, Temporary, ""},
		"HTTP 200 without success":               {cloud.Fault{Code: "SOMETHING_ELSE", Unsuccessful: true}, Refused, "cr CreateRepoSyncRule failed: SOMETHING_ELSE"},
		"HTTP 200 that doesn't say so":           {cloud.Fault{Body: "{}"}, Malformed, "the answer doesn't say whether it is one"},
		"a right that RAM calls by another name": {cloud.Fault{Code: "NoPrivilege", Status: 403}, Denied, "allow cr:CreateSyncRule in the RAM policy"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, unprepared(t), validKey)
			w.Inject(test.fault)
			err := w.client.Carry(t.Context(), someCalls[0])
			if err == nil || KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v (%s), want %q (%s)", err, KindOf(err), test.want, test.kind)
			}
			if n := len(w.Calls()); n != 1 {
				t.Errorf("called %d times", n)
			}
		})
	}
}
