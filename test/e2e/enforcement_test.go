package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// admissionValues are those of TestWebhook, with an enforcement.
func admissionValues(enforcement string) []string {
	return []string{
		"--set", "config.admission.enforcement=" + enforcement, "--set", "config.admission.onUpdate=true",
		"--set", "config.endpoints[0].rewrite.repositories.exclude[0]=local/*",
	}
}

func (s *scenario) installAudit(t *testing.T) {
	s.runHelm(t, "install", admissionValues("Audit")...)
	awaitRollouts(t)
	awaitImages(t, map[string]string{shop: sourceImage, audited: sourceImage, enforced: sharedImage, optedOut: sourceImage})
	compareWarnings(t, map[string]bool{shop: true, audited: true, enforced: false, optedOut: false})
}

func (s *scenario) upgradeToEnforce(t *testing.T) {
	kubectl(t, "label", "--overwrite", "namespace", audited, "registry-failover.io/enforcement=Audit")
	s.runHelm(t, "upgrade", admissionValues("Enforce")...)
	// As docs/webhook.md tells: kubelet looks at a pod's ConfigMaps every minute or so, or when the pod changes.
	kubectl(t, "-n", namespace, "annotate", "--overwrite", "pod", "-l", "app.kubernetes.io/component=webhook", "look=now")
	awaitImages(t, map[string]string{shop: sharedImage, audited: sourceImage, enforced: sharedImage, optedOut: sourceImage})
	compareWarnings(t, map[string]bool{shop: false, audited: true, enforced: false, optedOut: false})
}

// awaitImages waits until new pods of each namespace would have these images, ten times in a row: each webhook
// has a configuration of its own, and one that lags behind would be asked too.
func awaitImages(t *testing.T, want map[string]string) {
	t.Helper()
	await(t, "new pods have the right images", 90*time.Second, func(ctx context.Context) error {
		for range 10 {
			got := map[string]string{}
			for name := range want {
				image, err := wouldBe(ctx, metav1.ObjectMeta{Namespace: name})
				if err != nil {
					return err
				}
				got[name] = image
			}
			if !maps.Equal(got, want) {
				return fmt.Errorf("they are %v", got)
			}
		}
		return nil
	})
}

// compareWarnings looks in which namespaces the client is warned that an image would be rewritten.
func compareWarnings(t *testing.T, want map[string]bool) {
	t.Helper()
	for name, warned := range want {
		client, texts := warnedClient(t)
		if _, err := client.CoreV1().Pods(name).Create(t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "dry-run"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: sourceImage}}},
		}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
			t.Fatal(err)
		}
		var expected []string
		if warned {
			expected = []string{
				"registry-failover changes nothing here, because enforcement is Audit: to keep images as they are once it is Enforce, label the pod registry-failover.io/rewrite=false",
				"registry-failover would rewrite spec.containers[0].image from " + sourceImage + " to " + sharedImage,
			}
		}
		if !slices.Equal(*texts, expected) {
			t.Errorf("in %s the warnings are %q, not %q", name, *texts, expected)
		}
	}
}

// warnings are what the API server warns a client of. One goroutine may use it.
type warnings []string

// HandleWarningHeader makes it a rest.WarningHandler.
func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	if strings.HasPrefix(text, "registry-failover") {
		*w = append(*w, text)
	}
}

func warnedClient(t *testing.T) (*kubernetes.Clientset, *warnings) {
	t.Helper()
	texts := &warnings{}
	config := rest.CopyConfig(node.Config)
	config.WarningHandler = texts
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, texts
}
