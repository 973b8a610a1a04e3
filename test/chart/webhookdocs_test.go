package chart

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestTheWebhooksPageHasItsSettings looks for each key of the configuration and
// each value that concern it.
func TestTheWebhooksPageHasItsSettings(t *testing.T) {
	page := read(t, repository+"/docs/webhook.md")
	root := readSchema(t)
	settings := []string{"`registry-failover.io/enforcement`", "`registry-failover.io/rewrite`"}
	for key := range root.Properties["config"].follow(root).Properties["admission"].Properties {
		settings = append(settings, "`config.admission."+key+"`")
	}
	rewrite := root.Definitions["endpoint"].Properties["rewrite"].Properties
	for key := range rewrite {
		if key != "repositories" {
			settings = append(settings, "`config.endpoints[].rewrite."+key+"`")
		}
	}
	for key := range rewrite["repositories"].Properties {
		settings = append(settings, "`config.endpoints[].rewrite.repositories."+key+"`")
	}
	var defaults struct {
		Webhook map[string]any `json:"webhook"`
	}
	if err := yaml.Unmarshal([]byte(read(t, chartDir+"/values.yaml")), &defaults); err != nil {
		t.Fatal(err)
	}
	for key := range defaults.Webhook {
		settings = append(settings, "`webhook."+key)
	}
	if len(settings) < 9 {
		t.Fatalf("only %q are looked for", settings)
	}
	for _, setting := range settings {
		if !strings.Contains(page, setting) {
			t.Errorf("docs/webhook.md doesn't tell of %s", setting)
		}
	}
}
