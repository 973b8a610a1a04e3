package chart

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/configcorpus"
)

// notInTheChart are mistakes that are none any more when Helm has read the file:
// it writes the configuration anew.
var notInTheChart = []string{"a key twice", "more than a ConfigMap holds"}

// TestTheChartRefusesWhatTheProgramsRefuse, in their words where the schema
// doesn't come first. They would keep the configuration that they have, while
// the switch's policy and the webhook's condition are made from the new one.
func TestTheChartRefusesWhatTheProgramsRefuse(t *testing.T) {
	example := read(t, repository+"/testdata/config/example.yaml")
	for sentence, mistake := range configcorpus.Mistakes(example) {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			output, err := template(t, "--values="+values(t, mistake.Edit(example)))
			if slices.Contains(notInTheChart, sentence) {
				if err != nil {
					t.Fatal(output)
				}
				rendered := get[corev1.ConfigMap](t, decode(t, output), "ConfigMap", "registry-failover-config").Data["config.yaml"]
				if _, err := config.Parse([]byte(rendered)); err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("it is rendered")
			}
			if !strings.Contains(output, "\nconfig.") && (strings.Contains(output, "- at '") || strings.Contains(output, "failed to parse")) {
				return
			}
			for line := range strings.SplitSeq(mistake.Want, "\n") {
				want := "\nconfig." + strings.NewReplacer("Invalid value: ", "", "Required value: ", "", "Forbidden: ", "").Replace(line)
				if !strings.Contains(output, want) {
					t.Errorf("%s is missing in\n%s", want, output)
				}
			}
		})
	}
}

// TestTheChartTakesWhatTheProgramsTake where a rule in a template could be too narrow.
func TestTheChartTakesWhatTheProgramsTake(t *testing.T) {
	example := read(t, repository+"/testdata/config/example.yaml")
	for sentence, edit := range map[string]configcorpus.Mistake{
		"a TTL of a day":            {Old: "primary: zhangjiakou", New: "primary: zhangjiakou\n  ttl: 24h"},
		"a TTL of milliseconds":     {Old: "primary: zhangjiakou", New: "primary: zhangjiakou\n  ttl: 1m30000ms"},
		"no dwell":                  {Old: "kind: Config", New: "kind: Config\nfailover: {dwell: 0s}"},
		"a share of nothing":        {Old: "kind: Config", New: "kind: Config\nfailover: {readyShare: 0}"},
		"a canary of one part":      {Old: "kind: Config", New: "kind: Config\nhealth: {canary: 'web@sha256:" + strings.Repeat("a", 64) + "'}"},
		"addresses of all kinds":    {Old: "[10.1.0.10]", New: "[10.1.0.10, 'FD00::1', '::ffff:10.1.0.11', '64:ff9b::1', '1::1', 126.0.0.1, 128.0.0.1, 100.101.0.1, 223.0.0.1, 240.0.0.1]"},
		"hosts of all kinds":        {Old: "primary: zhangjiakou", New: "primary: zhangjiakou\n  rewrite: {extraSources: [localhost, Old, 'old:5000', '[::1]:5000', xaliyuncs.com, '1.2.3.4', 'cross-region.registry.io:443']}"},
		"patterns of all kinds":     {Old: "primary: zhangjiakou", New: "primary: zhangjiakou\n  rewrite: {repositories: {include: ['**', 'a/**', 'a/[^a-z]', '[A-Z]*', 'a\\[b', '[\\]]', 'a?']}}"},
		"a domain that looks alike": {Old: "name: cross-region.registry.io", New: "name: cross-region.myaliyuncs.com"},
	} {
		t.Run(sentence, func(t *testing.T) {
			text := edit.Edit(example)
			if _, err := config.Parse([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if output, err := template(t, "--values="+values(t, text)); err != nil {
				t.Error(output)
			}
		})
	}
}
