package chart

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/cloudreader"
	"github.com/registry-failover/registry-failover/internal/stragglers"
)

const (
	alertsFile = chartDir + "/alerts.yaml"
	module     = "github.com/registry-failover/registry-failover"
)

type alert struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func alerts(t *testing.T) []alert {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string  `json:"name"`
			Rules []alert `json:"rules"`
		} `json:"groups"`
	}
	if err := yaml.UnmarshalStrict([]byte(read(t, alertsFile)), &file); err != nil {
		t.Fatal(err)
	}
	var all []alert
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// promtool is Prometheus's own tool, as it is pinned.
var promtool = sync.OnceValues(func() (string, error) {
	build := exec.CommandContext(context.Background(), repository+"/tools/build", "promtool")
	build.Stderr = os.Stderr
	dir, err := build.Output()
	if err != nil {
		return "", fmt.Errorf("could not build promtool: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "promtool"), nil
})

// runPromtool fails the test with what the tool says.
func runPromtool(t *testing.T, arguments ...string) {
	t.Helper()
	path, err := promtool()
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), path, arguments...).CombinedOutput() //nolint:gosec // the pinned tool
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
}

// TestAlertsFireWhenTheyShould has Prometheus's own tool check the rules and play
// testdata/alerts.yaml, and the life of each.
func TestAlertsFireWhenTheyShould(t *testing.T) {
	runPromtool(t, "check", "rules", "--lint=all", "--lint-fatal", alertsFile)
	runPromtool(t, "test", "rules", "testdata/alerts.yaml")
	playAlerts(t)
}

// TestEveryAlertTellsWhatToDo: whoever is woken finds out.
func TestEveryAlertTellsWhatToDo(t *testing.T) {
	for _, a := range alerts(t) {
		for _, key := range []string{"summary", "description"} {
			if a.Annotations[key] == "" || !strings.HasSuffix(a.Annotations[key], ".") {
				t.Errorf("%s: its %s is no sentence: %q", a.Alert, key, a.Annotations[key])
			}
		}
		if got, want := a.Annotations["runbook_url"], "https://"+module+"/blob/main/docs/runbooks/"+a.Alert+".md"; got != want {
			t.Errorf("%s: its runbook_url is %q, not %q", a.Alert, got, want)
		}
		if len(a.Annotations) != 3 {
			t.Errorf("%s has the annotations %v", a.Alert, slices.Sorted(maps.Keys(a.Annotations)))
		}
		if !slices.Contains([]string{"warning", "critical"}, a.Labels["severity"]) || a.For == "" {
			t.Errorf("%s: severity %q, for %q", a.Alert, a.Labels["severity"], a.For)
		}
	}
}

// TestEveryAlertHasItsPage, and every page its alert.
func TestEveryAlertHasItsPage(t *testing.T) {
	var want []string
	for _, a := range alerts(t) {
		want = append(want, a.Alert)
	}
	var listed []string
	for _, row := range regexp.MustCompile(`(?m)^\| \[(\w+)\]\(runbooks/(\w+)\.md\) \| (\w+) \| .+ \| (\w+) \|$`).FindAllStringSubmatch(read(t, repository+"/docs/alerts.md"), -1) {
		listed = append(listed, row[1])
		i := slices.Index(want, row[1])
		if i < 0 {
			continue // which the comparison tells
		}
		if a := alerts(t)[i]; row[2] != a.Alert || row[3] != a.Labels["severity"] || row[4] != a.For {
			t.Errorf("docs/alerts.md has the line %s", row[0])
		}
	}
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("alerts.yaml (-) and the table in docs/alerts.md (+) differ:\n%s", diff)
	}
	files, err := os.ReadDir(repository + "/docs/runbooks")
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, f := range files {
		name, _ := strings.CutSuffix(f.Name(), ".md")
		pages = append(pages, name)
		page := read(t, repository+"/docs/runbooks/"+f.Name())
		if !strings.HasPrefix(page, "# "+name+"\n") {
			t.Errorf("%s doesn't begin with its name", f.Name())
		}
		sections := regexp.MustCompile(`(?m)^## (\w+)\n\n([^#\s])`).FindAllStringSubmatch(page, -1) // each with some text
		var headings []string
		for _, section := range sections {
			headings = append(headings, section[1])
		}
		if diff := cmp.Diff([]string{"Meaning", "Impact", "Diagnosis", "Mitigation"}, headings); diff != "" {
			t.Errorf("%s: its sections with text (+) aren't the four (-):\n%s", f.Name(), diff)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, pages); diff != "" {
		t.Errorf("alerts.yaml (-) and docs/runbooks (+) differ:\n%s", diff)
	}
}

// TestAlertsNameCodesThatExist: a misspelt one would never fire.
func TestAlertsNameCodesThatExist(t *testing.T) {
	known := map[string][]string{"result": {"rewritten", "audited", "unchanged", "failed"}, "name": {"registry-failover-controller"}, "applied": {"true", "false"}, "reason": {string(stragglers.NotRewritten)}}
	for _, code := range cloudreader.Codes() {
		known["code"] = append(known["code"], string(code))
	}
	for _, kind := range alibaba.Kinds() {
		known["outcome"] = append(known["outcome"], string(kind))
	}
	found := 0
	for _, a := range alerts(t) {
		for _, matcher := range regexp.MustCompile(`(\w+)=~?"([^"]+)"`).FindAllStringSubmatch(a.Expr, -1) {
			for value := range strings.SplitSeq(matcher[2], "|") {
				found++
				if !slices.Contains(known[matcher[1]], value) {
					t.Errorf("%s: nothing has the label %s=%q", a.Alert, matcher[1], value)
				}
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d values of labels were found", found)
	}
}

func TestThePrometheusRuleHasTheAlerts(t *testing.T) {
	all := render(t, "--values="+example, "--set=prometheusRule.enabled=true,prometheusRule.labels.release=kps")
	i := slices.IndexFunc(all, func(o unstructured.Unstructured) bool { return o.GetKind() == "PrometheusRule" })
	if i < 0 {
		t.Fatal("there is none")
	}
	var want map[string]any
	if err := yaml.Unmarshal([]byte(read(t, alertsFile)), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, all[i].Object["spec"]); diff != "" {
		t.Errorf("alerts.yaml (-) and the object (+) differ:\n%s", diff)
	}
	if all[i].GetLabels()["release"] != "kps" || all[i].GetAPIVersion() != "monitoring.coreos.com/v1" {
		t.Errorf("%s with the labels %v", all[i].GetAPIVersion(), all[i].GetLabels())
	}
	if slices.ContainsFunc(render(t, "--values="+example), func(o unstructured.Unstructured) bool { return o.GetKind() == "PrometheusRule" }) {
		t.Error("it is there where nobody asks for it: a cluster without the Prometheus Operator would refuse the release")
	}
}
