package chart

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestAMechanismComesAlone compares which objects there are, and what the
// controller may do and is told.
func TestAMechanismComesAlone(t *testing.T) {
	const operator = "--set=operator.subjects[0].kind=User,operator.subjects[0].name=oncall"
	with := render(t, "--values="+example, operator, "--set=admission.mechanism=Webhook")
	without := render(t, "--values="+example, operator, "--set=admission.mechanism=Policy")
	var got []string
	for _, o := range with {
		if !without.has(o.GetKind(), o.GetName()) {
			got = append(got, "-"+o.GetKind()+" "+o.GetName())
		}
	}
	for _, o := range without {
		if !with.has(o.GetKind(), o.GetName()) {
			got = append(got, "+"+o.GetKind()+" "+o.GetName())
		}
	}
	slices.Sort(got)
	want := []string{
		"+MutatingAdmissionPolicy registry-failover-pods", "+MutatingAdmissionPolicyBinding registry-failover-pods",
		"+ValidatingAdmissionPolicy registry-failover-audit", "+ValidatingAdmissionPolicyBinding registry-failover-audit",
		"-Deployment registry-failover-webhook", "-MutatingWebhookConfiguration registry-failover", "-PodDisruptionBudget registry-failover-webhook",
		"-Service registry-failover-webhook", "-ServiceAccount registry-failover-webhook",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, r := range rights(t, without)["ServiceAccount registry-failover registry-failover-controller"] {
		if strings.Contains(r, "secrets") || strings.Contains(r, "webhook") {
			t.Errorf("the controller may still: %s", r)
		}
	}
	controller := get[appsv1.Deployment](t, without, "Deployment", "registry-failover-controller").Spec.Template.Spec.Containers[0]
	if slices.Contains(controller.Args, "--webhook-certificate") {
		t.Error("the controller issues a certificate for nobody")
	}
}

func TestNotesWithoutAWebhookNameNone(t *testing.T) {
	if got := notesOf(t, "--set=admission.mechanism=Policy,webhook.replicas=1"); strings.Contains(got, "webhook") {
		t.Error(got)
	}
}

// TestPoliciesOfPodsRefuseNone: what fails is ignored, and an audit only tells.
// Each pod is for one of them, by the configuration or its namespace's label.
func TestPoliciesOfPodsRefuseNone(t *testing.T) {
	requirement := func(key string, operator metav1.LabelSelectorOperator, values ...string) metav1.LabelSelectorRequirement {
		return metav1.LabelSelectorRequirement{Key: key, Operator: operator, Values: values}
	}
	const label = "registry-failover.io/enforcement"
	for sentence, test := range map[string]struct {
		set                string
		onPods             operations
		enforced, reported metav1.LabelSelectorRequirement
	}{
		"by default":    {"=config.admission.enforcement=Enforce", operations{"CREATE"}, requirement(label, "NotIn", "Audit"), requirement(label, "In", "Audit")},
		"in an audit":   {"=config.admission.enforcement=Audit", operations{"CREATE"}, requirement(label, "In", "Enforce"), requirement(label, "NotIn", "Enforce")},
		"with onUpdate": {"=config.admission.onUpdate=true", operations{"CREATE", "UPDATE"}, requirement(label, "NotIn", "Audit"), requirement(label, "In", "Audit")},
	} {
		t.Run(sentence, func(t *testing.T) {
			all := render(t, "--values="+example, "--set=admission.mechanism=Policy", "--set"+test.set)
			want := func(enforcement metav1.LabelSelectorRequirement) *admissionregistrationv1.MatchResources {
				return &admissionregistrationv1.MatchResources{
					MatchPolicy: new(admissionregistrationv1.Equivalent),
					NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
						requirement("kubernetes.io/metadata.name", "NotIn", "kube-system", namespace), requirement("registry-failover.io/rewrite", "NotIn", "false"), enforcement,
					}},
					ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{
						{RuleWithOperations: ruleFor("", "pods", test.onPods...)}, {RuleWithOperations: ruleFor("", "pods/ephemeralcontainers", "UPDATE")},
					},
				}
			}
			mutating := get[admissionregistrationv1.MutatingAdmissionPolicy](t, all, "MutatingAdmissionPolicy", "registry-failover-pods").Spec
			audit := get[admissionregistrationv1.ValidatingAdmissionPolicy](t, all, "ValidatingAdmissionPolicy", "registry-failover-audit").Spec
			for _, diff := range []string{
				cmp.Diff(want(test.enforced), mutating.MatchConstraints), cmp.Diff(want(test.reported), audit.MatchConstraints),
				cmp.Diff(new(admissionregistrationv1.Ignore), mutating.FailurePolicy), cmp.Diff(new(admissionregistrationv1.Ignore), audit.FailurePolicy),
				cmp.Diff(admissionregistrationv1.IfNeededReinvocationPolicy, mutating.ReinvocationPolicy),
				cmp.Diff([]admissionregistrationv1.ValidationAction{"Warn", "Audit"},
					get[admissionregistrationv1.ValidatingAdmissionPolicyBinding](t, all, "ValidatingAdmissionPolicyBinding", "registry-failover-audit").Spec.ValidationActions),
			} {
				if diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}
