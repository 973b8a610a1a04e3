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
		pod.Name = "left-alone"
		created, err := node.Client.CoreV1().Pods(pod.Namespace).Create(t.Context(), &corev1.Pod{
			ObjectMeta: pod,
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: sourceImage}}},
		}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if got := created.Spec.Containers[0].Image; got != sourceImage {
			t.Errorf("%s became %q", what, got)
		}
	}
	// The same in the same namespace without the label: dry runs are rewritten too.
	created, err := node.Client.CoreV1().Pods(shop).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "rewritten"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: sourceImage}}},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		t.Fatal(err)
	}
	if got := created.Spec.Containers[0].Image; got != sharedImage {
		t.Errorf("a pod that doesn't opt out became %q", got)
	}
}
