package chart

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/test/switchcorpus"
)

// TestOnlyWhoMayDeleteTheSwitchMarksIt: on-call staff may patch the switch, and
// with it the mark by which every node drops its block in the middle of a failover.
func TestOnlyWhoMayDeleteTheSwitchMarksIt(t *testing.T) {
	p, endpoints := switchPolicy(t, values(t, switchcorpus.Config))
	const hook = "system:serviceaccount:registry-failover:registry-failover-uninstall"
	refused := []string{"the annotation registry-failover.io/uninstall makes every node drop its block: only who may delete the ConfigMap registry-failover can set, change or remove it"}
	for sentence, test := range map[string]struct {
		operation, user, before, after string
		want                           []string
	}{
		"on-call staff can't set it":              {"UPDATE", "oncall", "", inputs.UninstallForce, refused},
		"nor change it":                           {"UPDATE", "oncall", inputs.UninstallMark, inputs.UninstallForce, refused},
		"nor remove it":                           {"UPDATE", "oncall", inputs.UninstallForce, "", refused},
		"nor create the switch with it":           {"CREATE", "oncall", "", inputs.UninstallForce, refused},
		"nor apply it as a new one":               {"CREATE", "system:serviceaccount:default:registry-failover-uninstall", "", inputs.UninstallForce, refused},
		"they throw the switch while it is there": {"UPDATE", "oncall", inputs.UninstallMark, inputs.UninstallMark, nil},
		"and without it":                          {"UPDATE", "oncall", "", "", nil},
		"who may delete the switch sets it":       {"UPDATE", "admin", "", inputs.UninstallForce, nil},
		"and removes it":                          {"UPDATE", "admin", inputs.UninstallForce, "", nil},
		"the pre-delete hook sets it":             {"UPDATE", hook, "", inputs.UninstallMark, nil},
		"and removes it again":                    {"UPDATE", hook, inputs.UninstallMark, "", nil},
		"the switch goes with it":                 {"DELETE", "someone", inputs.UninstallMark, "", nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			calm := map[string]any{endpoints[0].Name: "privatezone"}
			r := asked(test.operation, test.user, calm, calm)
			mark(r.oldObject, test.before)
			mark(r.object, test.after)
			switch test.operation {
			case "CREATE":
				r.oldObject = nil
			case "DELETE":
				r.object = nil
			}
			if diff := cmp.Diff(test.want, p.refusals(t, r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func mark(configMap map[string]any, value string) {
	if value != "" {
		configMap["metadata"].(map[string]any)["annotations"] = map[string]any{inputs.UninstallAnnotation: value}
	}
}
