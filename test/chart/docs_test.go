package chart

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// TestEveryValueIsInTheDocumentsTable compares values.yaml with the table in
// docs/chart.md, key by key. Those of config and of resources are documented elsewhere.
func TestEveryValueIsInTheDocumentsTable(t *testing.T) {
	var defaults map[string]any
	if err := yaml.UnmarshalStrict([]byte(read(t, chartDir+"/values.yaml")), &defaults); err != nil {
		t.Fatal(err)
	}
	var want []string
	var look func(path string, value any)
	look = func(path string, value any) {
		group, isGroup := value.(map[string]any)
		if !isGroup || len(group) == 0 && path != "" || path == "config" || strings.HasSuffix(path, ".resources") {
			want = append(want, path)
			return
		}
		for key, value := range group {
			look(strings.TrimPrefix(path+"."+key, "."), value)
		}
	}
	look("", defaults)
	_, table, _ := strings.Cut(read(t, repository+"/docs/chart.md"), "## Values\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var got []string
	for line := range strings.Lines(table) {
		if value, isRow := strings.CutPrefix(line, "| `"); isRow {
			value, _, _ = strings.Cut(value, "`")
			got = append(got, value)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values.yaml (-) and docs/chart.md (+) differ:\n%s", diff)
	}
}

// TestTheSchemaHasTheValues: Helm would refuse the chart's own defaults else, but not a key that only the schema has.
func TestTheSchemaHasTheValues(t *testing.T) {
	var defaults map[string]any
	if err := yaml.UnmarshalStrict([]byte(read(t, chartDir+"/values.yaml")), &defaults); err != nil {
		t.Fatal(err)
	}
	root := readSchema(t)
	for group, s := range root.Properties {
		if group == "global" || group == "config" {
			continue
		}
		values, _ := defaults[group].(map[string]any)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(s.follow(root).Properties)), slices.Sorted(maps.Keys(values))); diff != "" {
			t.Errorf("%s has other keys in the schema (-) than in values.yaml (+):\n%s", group, diff)
		}
	}
}

// TestNobodyPatchesASwitchThatIsNotThere: the controller makes it after helm has ended.
func TestNobodyPatchesASwitchThatIsNotThere(t *testing.T) {
	const wait = "kubectl -n registry-failover wait --for=create configmap/registry-failover "
	for _, document := range []string{"README.md", "docs/chart.md"} {
		_, rest, installs := strings.Cut(read(t, repository+"/"+document), "helm -n registry-failover install")
		before, _, _ := strings.Cut(rest, "\n```")
		before, _, _ = strings.Cut(before, "patch configmap")
		if !installs || !strings.Contains(before, "--wait") || !strings.Contains(before, wait) {
			t.Errorf("%s installs like this:%s", document, before)
		}
	}
}

// TestTheDocumentsDeleteWhatIsLeft holds the commands for those who leave the
// hooks out against the post-delete hook's rights, and those for what outlives
// the namespace against the objects that are in none.
func TestTheDocumentsDeleteWhatIsLeft(t *testing.T) {
	all := render(t, "--values="+example)
	_, byHand, _ := strings.Cut(read(t, repository+"/docs/chart.md"), "`--no-hooks`")
	for _, r := range get[rbacv1.Role](t, all, "Role", "registry-failover-cleanup").Rules {
		for _, name := range r.ResourceNames {
			if what := strings.TrimSuffix(r.Resources[0], "s") + "/" + name; !regexp.MustCompile(regexp.QuoteMeta(what) + `\s`).MatchString(byHand) {
				t.Errorf("docs/chart.md doesn't delete %s", what)
			}
		}
	}
	if !strings.Contains(byHand, "delete leases -l app.kubernetes.io/part-of=registry-failover,app.kubernetes.io/component=resolver\n") {
		t.Error("docs/chart.md deletes other Leases than those of the nodes")
	}
	_, outlives, _ := strings.Cut(read(t, repository+"/docs/uninstall.md"), "## When the namespace was deleted")
	outlives, _, _ = strings.Cut(outlives, "\n## ")
	for _, o := range all {
		_, isHook := o.GetAnnotations()["helm.sh/hook"]
		plural := strings.TrimSuffix(strings.ToLower(o.GetKind())+"s", "ys")
		if o.GetNamespace() == "" && !isHook && !strings.Contains(outlives, plural) {
			t.Errorf("docs/uninstall.md forgets the %s %s", o.GetKind(), o.GetName())
		}
	}
}
