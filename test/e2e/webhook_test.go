package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The namespaces of TestWebhook, beside shop, which has no label.
const (
	enforced = "enforced"
	audited  = "audited"
	optedOut = "opted-out"
)

// TestWebhook introduces the webhook as docs/webhook.md tells: first Audit, with
// a namespace that goes ahead, then Enforce, with one that stays behind.
func TestWebhook(t *testing.T) {
	s := newScenario(t, 4)
	for name, label := range map[string]map[string]string{
		enforced: {"registry-failover.io/enforcement": "Enforce"},
		audited:  {"registry-failover.io/enforcement": "Audit"},
		optedOut: {"registry-failover.io/rewrite": "false"},
	} {
		if _, err := node.Client.CoreV1().Namespaces().Create(t.Context(),
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: label}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		awaitAccount(t, name)
	}
	s.play(t, "helm install with Audit rewrites in the namespace that says Enforce alone", (*scenario).installAudit)
	s.play(t, "every field of a new pod is rewritten as it should", (*scenario).rewriteEveryField)
	s.play(t, "what is left alone is counted with its reason", (*scenario).countReasons)
	s.play(t, "an update and a new ephemeral container leave alone what was there", (*scenario).updateInPlace)
	s.play(t, "helm upgrade to Enforce leaves the namespace that says Audit", (*scenario).upgradeToEnforce)
	s.play(t, "helm uninstall leaves nothing in the cluster", (*scenario).uninstallWebhook)
}

func (s *scenario) uninstallWebhook(t *testing.T) {
	kubectl(t, "delete", "namespace", enforced, audited, optedOut)
	if _, err := s.runUninstall(t); err != nil {
		t.Fatal(err)
	}
	s.awaitNothingLeft(t)
}
