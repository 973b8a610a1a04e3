package cluster

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// refuses tells whether a policy can refuse a pod. One whose kind has no word for
// that can.
func refuses(o *unstructured.Unstructured) bool {
	text := func(field string) string {
		s, _, _ := unstructured.NestedString(o.Object, "spec", field)
		return strings.ToLower(s)
	}
	switch o.GroupVersionKind().Group {
	case "constraints.gatekeeper.sh":
		return text("enforcementAction") != "dryrun" && text("enforcementAction") != "warn"
	case "policy.sigstore.dev":
		return text("mode") != "warn"
	case "policies.kubewarden.io":
		return text("mode") != "monitor"
	case "policies.kyverno.io":
		actions, found, _ := unstructured.NestedStringSlice(o.Object, "spec", "validationActions")
		return !found || slices.Contains(actions, "Deny")
	case "kyverno.io": // audits unless it says otherwise, for all rules or for one
		return o.GetKind() == "PolicyException" || enforces(o.Object["spec"], "")
	}
	return true
}

// enforces looks for an action of Kyverno's that refuses.
func enforces(value any, field string) bool {
	switch v := value.(type) {
	case string:
		return strings.HasSuffix(strings.ToLower(field), "action") && strings.EqualFold(v, "enforce")
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return enforces(item, field) })
	case map[string]any:
		for key, item := range v {
			if enforces(item, key) {
				return true
			}
		}
	}
	return false
}
