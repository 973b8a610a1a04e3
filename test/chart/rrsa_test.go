package chart

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

// TestTheStepsToRRSAFitTogether renders the values of the page, and compares the trust
// policy of the page with the account and the token that the pods then have.
func TestTheStepsToRRSAFitTogether(t *testing.T) {
	_, steps, _ := strings.Cut(read(t, repository+"/docs/cloud.md"), "**RRSA, step by step**")
	block := func(language string) string {
		_, rest, _ := strings.Cut(steps, "```"+language+"\n")
		text, _, found := strings.Cut(rest, "```")
		if !found {
			t.Fatalf("the steps have no %s", language)
		}
		return strings.ReplaceAll("\n"+text, "\n   ", "\n")
	}
	var trust struct {
		Statement []struct {
			Action    string
			Principal struct{ Federated []string }
			Condition struct{ StringEquals map[string]string }
		}
	}
	if err := json.Unmarshal([]byte(block("json")), &trust); err != nil || len(trust.Statement) != 1 {
		t.Fatalf("%v: %+v", err, trust)
	}
	values := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(values, []byte(block("yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	all := render(t, append(slices.Clone(fromAPI), "--values="+values)...)
	deployment := get[appsv1.Deployment](t, all, "Deployment", "registry-failover-controller")
	pod := deployment.Spec.Template.Spec
	s := trust.Statement[0]
	for condition, want := range map[string]string{
		"oidc:aud": strings.TrimPrefix(mounted(pod)[0], "rrsa /var/run/secrets/registry-failover/rrsa "),
		"oidc:sub": "system:serviceaccount:" + deployment.Namespace + ":" + pod.ServiceAccountName,
	} {
		if got := s.Condition.StringEquals[condition]; got != want {
			t.Errorf("the role trusts %s %q, and the pods have %q", condition, got, want)
		}
	}
	if !strings.Contains(block("yaml"), "oidcProviderARN: "+s.Principal.Federated[0]) || s.Action != "sts:AssumeRole" {
		t.Errorf("%+v", s)
	}
}
