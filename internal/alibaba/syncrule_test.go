package alibaba

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

func TestReadSyncRulesOverHTTPS(t *testing.T) {
	data := twoRegions(t)
	data.Instances[1].SyncRules = append(data.Instances[1].SyncRules, cloud.SyncRule{
		ID: "crsr-a", Name: "base images", Namespace: "base", Repository: "alpine", TargetInstance: "cri-aaaaa", TargetRegion: "cn-hangzhou",
		TargetNamespace: "os", TargetRepository: "linux", TagFilter: "^3[.]", Trigger: "INITIATIVE",
	}, cloud.SyncRule{ID: "crsr-b", Namespace: "base", RepoFilter: "^a", TargetInstance: "cri-aaaaa", TargetRegion: "cn-hangzhou"})
	w := newWorld(t, data, validKey)
	w.listen(t)
	got, err := w.client.ReadSyncRules(t.Context(), "cri-bbbbb", "cn-zhangjiakou")
	if err != nil {
		t.Fatal(err)
	}
	place := func(namespace, repo string) SyncPlace {
		return SyncPlace{"cri-bbbbb", "cn-zhangjiakou", namespace, repo}
	}
	other := func(namespace, repo string) SyncPlace { return SyncPlace{"cri-aaaaa", "cn-hangzhou", namespace, repo} }
	want := []SyncRule{
		{ID: "crsr-a", Name: "base images", Scope: RepositoryScope, Source: place("base", "alpine"), Target: other("os", "linux"), TagFilter: "^3[.]"},
		{ID: "crsr-b", Name: "crsr-b", Scope: NamespaceScope, Automatic: true, Source: place("base", ""), Target: other("base", ""), RepoFilter: "^a", TagFilter: ".*"},
		{ID: "crsr-forth", Name: "crsr-forth", Scope: NamespaceScope, Automatic: true, Source: place("prod", ""), Target: other("prod", ""), RepoFilter: ".*", TagFilter: ".*"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAllPagesOfSyncRulesAreRead(t *testing.T) {
	data := twoRegions(t)
	for i := range 250 {
		data.Instances[0].SyncRules = append(data.Instances[0].SyncRules, cloud.SyncRule{ID: fmt.Sprintf("crsr-%03d", i), Namespace: "n", TargetInstance: "cri-bbbbb", TargetRegion: "cn-zhangjiakou"})
	}
	w := newWorld(t, data, validKey)
	got, err := w.client.ReadSyncRules(t.Context(), "cri-aaaaa", "cn-hangzhou")
	if err != nil || len(got) != 251 || len(w.Calls()) != 3 {
		t.Errorf("got %d rules by %d calls, %v", len(got), len(w.Calls()), err)
	}
}

// rule is an answer with one rule, some of its fields replaced.
func rule(old, instead string) string {
	const valid = `{"SyncRuleId":"r","SyncScope":"REPO","SyncDirection":"FROM","SyncTrigger":"PASSIVE","LocalInstanceId":"cri-aaaaa","LocalNamespaceName":"a","LocalRepoName":"b",` +
		`"TargetInstanceId":"cri-b","TargetNamespaceName":"a","TargetRepoName":"b"}`
	return `{"IsSuccess":true,"PageNo":1,"PageSize":100,"TotalCount":1,"SyncRules":[` + strings.Replace(valid, old, instead, 1) + `]}`
}

func TestSyncRulesThatCantBeRead(t *testing.T) {
	for sentence, test := range map[string]struct {
		fault cloud.Fault
		kind  Kind
		want  string
	}{
		"no permission":             {cloud.Fault{Code: "NoPrivilege", Status: 403}, Denied, "; allow cr:ListSyncRule in the RAM policy"},
		"no permission, HTTP 200":   {cloud.Fault{Unsuccessful: true, Code: "NoPrivilege"}, Denied, "; allow cr:ListSyncRule in the RAM policy"},
		"an answer without a page":  {cloud.Fault{Body: `{"IsSuccess":true}`}, Malformed, "got page 0 of 0"},
		"a page that is too long":   {cloud.Fault{Body: `{"IsSuccess":true,"PageNo":1,"PageSize":101,"TotalCount":0}`}, Malformed, "got page 1 of 101"},
		"pages that don't fit":      {cloud.Fault{Short: 1}, Malformed, "the list changed while it was read"},
		"a total that is too large": {cloud.Fault{More: 20_000}, Malformed, "at most 10000"},
		"another direction":         {cloud.Fault{Body: rule("FROM", "BOTH")}, Malformed, `the rule "r" has the SyncDirection "BOTH"`},
		"another scope":             {cloud.Fault{Body: rule("REPO", "ALL")}, Malformed, `the SyncScope "ALL"`},
		"another trigger":           {cloud.Fault{Body: rule("PASSIVE", "")}, Malformed, `the SyncTrigger ""`},
		"no repository":             {cloud.Fault{Body: rule(`"LocalRepoName":"b"`, `"X":1`)}, Malformed, `the LocalRepoName ""`},
		"no namespace":              {cloud.Fault{Body: rule(`"LocalNamespaceName":"a"`, `"X":1`)}, Malformed, `the LocalNamespaceName ""`},
		"no target":                 {cloud.Fault{Body: rule(`"TargetInstanceId":"cri-b"`, `"X":1`)}, Malformed, "TargetNamespaceName"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, twoRegions(t), validKey)
			test.fault.Action = "ListRepoSyncRule"
			w.Inject(test.fault)
			_, err := w.client.ReadSyncRules(t.Context(), "cri-aaaaa", "cn-hangzhou")
			if err == nil || KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v (%s), want %q (%s)", err, KindOf(err), test.want, test.kind)
			}
		})
	}
}

// FuzzSyncRule holds that whatever ACR says of a rule, one that is taken tells
// whence, whereto and for what, and an error is one line.
func FuzzSyncRule(f *testing.F) {
	for _, text := range []string{
		`{"SyncRuleId":"r","SyncScope":"REPO","SyncDirection":"TO","SyncTrigger":"PASSIVE","LocalInstanceId":"a","LocalNamespaceName":"b","LocalRepoName":"c"}`,
		`{"SyncScope":"NAMESPACE","SyncDirection":"FROM","SyncTrigger":"INITIATIVE","TargetInstanceId":"a","TargetNamespaceName":"b","TargetRepoName":"c"}`,
		`{"SyncDirection":"\n"}`, `{}`, `null`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var said syncRule
		if json.Unmarshal([]byte(text), &said) != nil {
			return
		}
		r, err := said.convert()
		switch {
		case err != nil:
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
		case r.Source.Instance == "" || r.Source.Namespace == "" || r.Target.Instance == "" || r.Target.Namespace == "",
			(r.Scope == RepositoryScope) != (r.Source.Repo != "" && r.Target.Repo != ""), r.Scope == RepositoryScope && r.RepoFilter != "":
			t.Errorf("got %+v", r)
		}
	})
}
