package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestMechanisms stores the same pods with the webhook and with the policy, and
// compares them field by field.
func TestMechanisms(t *testing.T) {
	s := newScenario(t, 4)
	holdLimits(t)
	values := []string{
		"--set", "webhook.replicas=1,controller.replicas=1,dns.replicas=1,coredns.configMap=,config.node.hosts=Off,config.admission.onUpdate=true",
		"--set", "config.endpoints[0].rewrite.repositories.exclude[0]=local/**",
	}
	s.runHelm(t, "install", append(values, "--wait")...)
	kubectl(t, "create", "namespace", "opted-out")
	kubectl(t, "label", "namespace", "opted-out", "registry-failover.io/rewrite=false")
	awaitAccount(t, "opted-out")
	addSidecars(t)
	awaitRewriting(t)
	byWebhook := storeAll(t)
	t.Run("a sidecar of a pod without a source host is not rewritten by a webhook that stands before the sidecar's", func(t *testing.T) {
		storeWithSidecar(t, primaryHost+"/sidecar", "nginx")
	})

	s.runHelm(t, "upgrade", append(values, "--set", "admission.mechanism=Policy")...)
	awaitNoWebhook(t)
	awaitRewriting(t)
	byPolicy := storeAll(t)
	if diff := cmp.Diff(byWebhook, byPolicy); diff != "" {
		t.Errorf("stored with the webhook (-) and with the policy (+):\n%s", diff)
	}
	t.Run("a sidecar of a pod without a source host is rewritten", func(t *testing.T) {
		storeWithSidecar(t, cluster.Endpoint+"/sidecar", "nginx")
	})
	t.Run("an audit of a namespace tells and changes nothing", auditNamespace)
	t.Run("a pod that costs too much is admitted as written", admitHugePod)

	removeSidecars(t)
	kubectl(t, "delete", "namespace", "opted-out", "--wait=false")
	if _, err := s.runUninstall(t); err != nil {
		t.Fatal(err)
	}
	s.awaitNothingLeft(t)
}

// awaitRewriting waits until pods are rewritten, by whatever it is.
func awaitRewriting(t *testing.T) {
	t.Helper()
	await(t, "pods are rewritten", time.Minute, func(ctx context.Context) error {
		got, err := wouldBe(ctx, metav1.ObjectMeta{Namespace: shop})
		if err == nil && got != sharedImage {
			err = fmt.Errorf("one became %q", got)
		}
		return err
	})
}

// awaitNoWebhook waits until none is left that could still be asked.
func awaitNoWebhook(t *testing.T) {
	t.Helper()
	await(t, "the webhook is gone", time.Minute, func(ctx context.Context) error {
		_, err := node.Client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(ctx, "registry-failover", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			return fmt.Errorf("its configuration is there: %w", err)
		}
		if pods, err := listPods(ctx, "webhook"); err == nil {
			return fmt.Errorf("%d pods are there", len(pods))
		}
		return nil
	})
}

// storeAll stores the pods of the suite, and returns each without what differs every time.
func storeAll(t *testing.T) map[string]map[string]any {
	t.Helper()
	stored := map[string]map[string]any{}
	for sentence, p := range suite {
		pod := storePod(t, node.Client, p)
		if diff := cmp.Diff(p.want, storedImages(pod)); diff != "" {
			t.Errorf("%s:\n%s", sentence, diff)
		}
		if got := pod.Annotations[originals]; got != p.recorded && p.annotations[originals] != got {
			t.Errorf("%s: %s has %s", sentence, originals, got)
		}
		pod.UID, pod.ResourceVersion, pod.CreationTimestamp, pod.ManagedFields = "", "", metav1.Time{}, nil
		pod.Status.Conditions = nil // with the time
		text, err := json.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		stored[sentence] = fields
	}
	return stored
}

// storePod creates a pod that never starts, updates it, and deletes what it returns.
func storePod(t *testing.T, client kubernetes.Interface, p suitePod) *corev1.Pod {
	t.Helper()
	if p.namespace == "" {
		p.namespace = shop
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "suite", Labels: p.labels, Annotations: p.annotations}}
	if err := yaml.UnmarshalStrict([]byte(p.containers), &pod.Spec); err != nil {
		t.Fatal(err)
	}
	pod.Spec.AutomountServiceAccountToken = new(false) // its volume would have a name by chance
	if _, mirror := p.annotations["kubernetes.io/config.mirror"]; mirror {
		pod.Spec.NodeName = node.Nodes[0].Name
	} else {
		pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/never"}}
	}
	pods := client.CoreV1().Pods(p.namespace)
	options := metav1.CreateOptions{}
	if p.dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	stored, err := pods.Create(t.Context(), pod, options)
	if err != nil {
		t.Fatal(err)
	}
	if p.relabel != nil {
		stored.Labels = p.relabel
		for i, c := range stored.Spec.Containers {
			if image := p.images[c.Name]; image != "" {
				stored.Spec.Containers[i].Image = image
			}
		}
		if stored, err = pods.Update(t.Context(), stored, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for i, image := range p.ephemeral {
		stored.Spec.EphemeralContainers = append(stored.Spec.EphemeralContainers, corev1.EphemeralContainer{
			EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: fmt.Sprintf("debug-%d", i), Image: image},
		})
		if stored, err = pods.UpdateEphemeralContainers(t.Context(), stored.Name, stored, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if !p.dryRun {
		if err := pods.Delete(t.Context(), stored.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return stored
}

// storeWithSidecar stores a pod that names no source host itself.
func storeWithSidecar(t *testing.T, want ...string) {
	t.Helper()
	got := storePod(t, node.Client, suitePod{labels: map[string]string{"sidecar": "wanted"}, containers: `containers: [{name: a, image: nginx}]`})
	if diff := cmp.Diff(want, storedImages(got)); diff != "" {
		t.Error(diff)
	}
}

func storedImages(pod *corev1.Pod) (images []string) {
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		images = append(images, c.Image)
	}
	for _, c := range pod.Spec.EphemeralContainers {
		images = append(images, c.Image)
	}
	for _, v := range pod.Spec.Volumes {
		if v.Image != nil {
			images = append(images, v.Image.Reference)
		}
	}
	return images
}

// auditNamespace labels the namespace of the workloads.
func auditNamespace(t *testing.T) {
	var heard everyWarning
	config := rest.CopyConfig(node.Config)
	config.WarningHandler = &heard
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "label", "namespace", shop, "registry-failover.io/enforcement=Audit")
	defer kubectl(t, "label", "namespace", shop, "registry-failover.io/enforcement-")
	await(t, "nothing is rewritten", 30*time.Second, func(ctx context.Context) error {
		got, err := wouldBe(ctx, metav1.ObjectMeta{Namespace: shop})
		if err == nil && got != sourceImage {
			err = errors.New("it is")
		}
		return err
	})
	got := storePod(t, client, suite["images in every kind of field"])
	if images := strings.Join(storedImages(got), " "); strings.Contains(images, cluster.Endpoint) || got.Annotations[originals] != "" {
		t.Errorf("an audit left %s and %v", images, got.Annotations)
	}
	want := "registry-failover would rewrite "
	if said := strings.Join(heard, "\n"); !strings.Contains(said, want) || !strings.Contains(said, "spec.volumes[1].image.reference from "+primaryHost+"/ml/model") {
		t.Errorf("the warnings are %q", said)
	} else {
		t.Log(said)
	}
}

// admitHugePod has more images than the policy may look at.
func admitHugePod(t *testing.T) {
	for n, want := range map[int]string{500: cluster.Endpoint + "/x", 2000: primaryHost + "/x"} {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("c%d", i)
		}
		begin := time.Now()
		got := storedImages(storePod(t, node.Client, suitePod{dryRun: true, containers: "containers:\n" + containersNamed(names...)}))
		t.Logf("%d images took %d ms", n, time.Since(begin).Milliseconds())
		if got[0] != want || got[n-1] != want {
			t.Errorf("of %d images the first became %s, the last %s", n, got[0], got[n-1])
		}
	}
}

// everyWarning is what the API server warned of.
type everyWarning []string

// HandleWarningHeader makes it a rest.WarningHandler.
func (w *everyWarning) HandleWarningHeader(_ int, _, text string) { *w = append(*w, text) }
