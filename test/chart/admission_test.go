package chart

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type (
	operations = []admissionregistrationv1.OperationType
	rule       = admissionregistrationv1.RuleWithOperations
)

func ruleFor(group, resource string, o ...admissionregistrationv1.OperationType) rule {
	namespaced := admissionregistrationv1.NamespacedScope
	return rule{Operations: o, Rule: admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{resource}, Scope: &namespaced}}
}

// TestTheWebhookIsInNobodysWay holds all that the API server is told of it, but
// for the condition, which has tests of its own.
func TestTheWebhookIsInNobodysWay(t *testing.T) {
	optOut := metav1.LabelSelectorRequirement{Key: "registry-failover.io/rewrite", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"false"}}
	for sentence, test := range map[string]struct {
		set    string
		onPods operations
	}{
		"by default":                            {"=config.admission.enforcement=Enforce", operations{"CREATE"}},
		"with onUpdate":                         {"=config.admission.onUpdate=true", operations{"CREATE", "UPDATE"}},
		"with onUpdate off":                     {"=config.admission.onUpdate=false", operations{"CREATE"}},
		"in an audit it computes what would be": {"=config.admission.enforcement=Audit", operations{"CREATE"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			all := render(t, "--values="+example, "--set"+test.set)
			got := get[admissionregistrationv1.MutatingWebhookConfiguration](t, all, "MutatingWebhookConfiguration", "registry-failover").Webhooks
			for i := range got {
				got[i].MatchConditions = nil
			}
			var want []admissionregistrationv1.MutatingWebhook
			for _, w := range []struct {
				name, path string
				operator   metav1.LabelSelectorOperator
				labels     []string
			}{
				{"pods.registry-failover.io", "/mutate", metav1.LabelSelectorOpNotIn, []string{"Audit", "Enforce"}},
				{"enforced-pods.registry-failover.io", "/enforce", metav1.LabelSelectorOpIn, []string{"Enforce"}},
				{"audited-pods.registry-failover.io", "/audit", metav1.LabelSelectorOpIn, []string{"Audit"}},
			} {
				want = append(want, admissionregistrationv1.MutatingWebhook{
					Name: w.name,
					ClientConfig: admissionregistrationv1.WebhookClientConfig{
						Service: &admissionregistrationv1.ServiceReference{Namespace: namespace, Name: "registry-failover-webhook", Path: &w.path, Port: new(int32(443))},
					},
					Rules:              []rule{ruleFor("", "pods", test.onPods...), ruleFor("", "pods/ephemeralcontainers", "UPDATE")},
					FailurePolicy:      new(admissionregistrationv1.Ignore),
					MatchPolicy:        new(admissionregistrationv1.Equivalent),
					SideEffects:        new(admissionregistrationv1.SideEffectClassNone),
					ReinvocationPolicy: new(admissionregistrationv1.IfNeededReinvocationPolicy),
					TimeoutSeconds:     new(int32(2)),
					NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
						{Key: "kubernetes.io/metadata.name", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"kube-system", namespace}}, optOut,
						{Key: "registry-failover.io/enforcement", Operator: w.operator, Values: w.labels},
					}},
					AdmissionReviewVersions: []string{"v1"},
				})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPoliciesStandWhereTheyShould: the switch must be thrown even past a policy
// that can't be evaluated; a Lease must not be written past one.
func TestPoliciesStandWhereTheyShould(t *testing.T) {
	all := render(t, "--values="+example)
	equivalent := new(admissionregistrationv1.Equivalent)
	for name, want := range map[string]struct {
		failure     admissionregistrationv1.FailurePolicyType
		constraints admissionregistrationv1.MatchResources
	}{
		"registry-failover-switch": {admissionregistrationv1.Ignore, admissionregistrationv1.MatchResources{
			MatchPolicy:       equivalent,
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}},
			ResourceRules:     []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: ruleFor("", "configmaps", "CREATE", "UPDATE", "DELETE")}},
		}},
		"registry-failover-leases": {admissionregistrationv1.Fail, admissionregistrationv1.MatchResources{
			MatchPolicy:   equivalent,
			ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: ruleFor("coordination.k8s.io", "leases", "CREATE", "UPDATE")}},
		}},
	} {
		spec := get[admissionregistrationv1.ValidatingAdmissionPolicy](t, all, "ValidatingAdmissionPolicy", name).Spec
		if spec.FailurePolicy == nil || *spec.FailurePolicy != want.failure || spec.ParamKind != nil {
			t.Errorf("%s: failurePolicy is not %s, or it has parameters", name, want.failure)
		}
		if diff := cmp.Diff(&want.constraints, spec.MatchConstraints); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		binding := get[admissionregistrationv1.ValidatingAdmissionPolicyBinding](t, all, "ValidatingAdmissionPolicyBinding", name).Spec
		wantBinding := admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}}
		if diff := cmp.Diff(wantBinding, binding); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
