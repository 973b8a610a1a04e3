package chart

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/cloudreader"
)

const alertsFile = chartDir + "/alerts.yaml"

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

// TestAlertsFireWhenTheyShould has Prometheus's own tool check the rules and play
// testdata/alerts.yaml.
func TestAlertsFireWhenTheyShould(t *testing.T) {
	build := exec.CommandContext(t.Context(), repository+"/tools/build", "promtool")
	build.Stderr = os.Stderr
	dir, err := build.Output()
	if err != nil {
		t.Fatalf("could not build promtool: %v", err)
	}
	promtool := filepath.Join(strings.TrimSpace(string(dir)), "promtool")
	for _, arguments := range [][]string{{"check", "rules", "--lint=all", "--lint-fatal", alertsFile}, {"test", "rules", "testdata/alerts.yaml"}} {
		output, err := exec.CommandContext(t.Context(), promtool, arguments...).CombinedOutput() //nolint:gosec // the pinned tool
		if err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(arguments, " "), err, output)
		}
	}
	played := read(t, "testdata/alerts.yaml")
	for _, a := range alerts(t) {
		if !strings.Contains(played, `ALERTS{alertname="`+a.Alert+`", alertstate="firing"`) {
			t.Errorf("testdata/alerts.yaml never has %s fire", a.Alert)
		}
	}
}

// TestEveryAlertHasItsSection: whoever is woken finds what to do.
func TestEveryAlertHasItsSection(t *testing.T) {
	var want []string
	for _, a := range alerts(t) {
		want = append(want, a.Alert)
		for _, key := range []string{"summary", "description"} {
			if a.Annotations[key] == "" || !strings.HasSuffix(a.Annotations[key], ".") {
				t.Errorf("%s: its %s is no sentence: %q", a.Alert, key, a.Annotations[key])
			}
		}
		if got := a.Annotations["runbook"]; got != "docs/alerts.md#"+strings.ToLower(a.Alert) {
			t.Errorf("%s: its runbook is %q", a.Alert, got)
		}
		if !slices.Contains([]string{"warning", "critical"}, a.Labels["severity"]) || a.For == "" {
			t.Errorf("%s: severity %q, for %q", a.Alert, a.Labels["severity"], a.For)
		}
	}
	var got []string
	for _, section := range regexp.MustCompile(`(?m)^## (\w+)$`).FindAllStringSubmatch(read(t, repository+"/docs/alerts.md"), -1) {
		got = append(got, section[1])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alerts.yaml (-) and docs/alerts.md (+) differ:\n%s", diff)
	}
}

// TestAlertsNameCodesThatExist: a misspelt one would never fire.
func TestAlertsNameCodesThatExist(t *testing.T) {
	known := map[string][]string{"result": {"rewritten", "audited", "unchanged", "failed"}, "name": {"registry-failover-controller"}}
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
