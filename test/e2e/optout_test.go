package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// leaveAlone creates pods that are not to be rewritten, each with a source image.
func (s *scenario) leaveAlone(t *testing.T) {
	optOut := map[string]string{"registry-failover.io/rewrite": "false"}
	if _, err := node.Client.CoreV1().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "opted-out", Labels: optOut}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	defer kubectl(t, "delete", "namespace", "opted-out")
	awaitAccount(t, "opted-out")
	for what, pod := range map[string]metav1.ObjectMeta{
		"a pod that opts out":                  {Namespace: shop, Labels: optOut},
		"a pod of a namespace that opts out":   {Namespace: "opted-out"},
		"a pod of kube-system":                 {Namespace: "kube-system"},
		"a pod of the product's own namespace": {Namespace: namespace},
	} {
		got, err := wouldBe(t.Context(), pod)
		if err != nil || got != sourceImage {
			t.Errorf("%s became %q: %v", what, got, err)
		}
	}
	got, err := wouldBe(t.Context(), metav1.ObjectMeta{Namespace: shop})
	if err != nil || got != sharedImage {
		t.Errorf("a pod that doesn't opt out became %q: %v", got, err)
	}
}
