package chart

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/test/dashboard"
)

func TestTheDashboardIsShipped(t *testing.T) {
	shipped := get[corev1.ConfigMap](t, render(t, "--values="+example, "--set=dashboard.enabled=true"), "ConfigMap", "registry-failover-dashboard")
	if shipped.Labels["grafana_dashboard"] != "1" || shipped.Labels["app.kubernetes.io/part-of"] != "registry-failover" {
		t.Errorf("its labels are %v", shipped.Labels)
	}
	if diff := cmp.Diff(read(t, dashboard.File(repository)), shipped.Data["registry-failover.json"]); diff != "" {
		t.Errorf("the file (-) and the object (+) differ:\n%s", diff)
	}
	if slices.ContainsFunc(render(t, "--values="+example), func(o unstructured.Unstructured) bool { return o.GetName() == "registry-failover-dashboard" }) {
		t.Error("it is there where nobody asks for it")
	}
}

// TestTheDashboardIsOneThatGrafanaTakes looks at what a slip of the pen breaks.
func TestTheDashboardIsOneThatGrafanaTakes(t *testing.T) {
	panels := panels(t)
	ids := map[int]bool{}
	type cell struct{ x, y int }
	taken := map[cell]string{}
	for _, p := range panels {
		if ids[p.ID] || p.ID == 0 || p.Title == "" || !strings.HasSuffix(p.Description, ".") || len(p.Targets) == 0 {
			t.Errorf("the panel %d %q, %q has %d expressions", p.ID, p.Title, p.Description, len(p.Targets))
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			if target.Expr == "" || target.LegendFormat == "" || target.RefID == "" {
				t.Errorf("%s: the expression %+v", p.Title, target)
			}
			for _, label := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				if !regexp.MustCompile(`by \([^)]*\b` + label[1] + `\b`).MatchString(target.Expr) {
					t.Errorf("%s: the legend names %s, which %s doesn't keep", p.Title, label[1], target.Expr)
				}
			}
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if x >= 24 || taken[cell{x, y}] != "" {
					t.Fatalf("%s lies over %q, or beside the page", p.Title, taken[cell{x, y}])
				}
				taken[cell{x, y}] = p.Title
			}
		}
	}
	if len(panels) < 15 {
		t.Errorf("only %d panels were found", len(panels))
	}
}

// TestPrometheusUnderstandsTheDashboard has promtool read each expression as a rule.
func TestPrometheusUnderstandsTheDashboard(t *testing.T) {
	type object = map[string]any
	var rules []object
	for _, p := range panels(t) {
		for _, target := range p.Targets {
			rules = append(rules, object{"record": "panel", "expr": target.Bound("1m"), "labels": object{"title": p.Title, "ref": target.RefID}})
		}
	}
	text, err := yaml.Marshal(object{"groups": []object{{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dashboard.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	runPromtool(t, "check", "rules", "--lint=none", file)
}

func panels(t *testing.T) []dashboard.Panel {
	t.Helper()
	all, err := dashboard.Panels(dashboard.File(repository))
	if err != nil {
		t.Fatal(err)
	}
	return all
}
