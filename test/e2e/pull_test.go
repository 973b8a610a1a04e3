package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
)

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ` + shop + `}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: "` + sourceImage + `", imagePullPolicy: Always}]
`

func (s *scenario) rewriteAndPull(t *testing.T) {
	before := countPulls()
	if output, err := node.Apply(t.Context(), deployment); err != nil {
		t.Fatal(err, output)
	}
	pod := awaitWeb(t)
	s.web = string(pod.UID)
	if got := pod.Spec.Containers[0].Image; got != sharedImage {
		t.Errorf("the stored image is %q, not %q", got, sharedImage)
	}
	before.pulledFrom(t, "zhangjiakou")
}

// awaitWeb returns the pod of the Deployment when it is ready.
func awaitWeb(t *testing.T) *corev1.Pod {
	t.Helper()
	var found *corev1.Pod
	await(t, "the Deployment's pod is ready", time.Minute, func(ctx context.Context) error {
		list, err := node.Client.CoreV1().Pods(shop).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
		if err != nil {
			return err
		}
		if len(list.Items) != 1 {
			return fmt.Errorf("there are %d pods", len(list.Items))
		}
		found = &list.Items[0]
		return ready(found)
	})
	return found
}

// skipForeignPods shows that the API server doesn't even ask for pods that
// name no source host: 200 of them, and one that does as a proof that it counts.
func (s *scenario) skipForeignPods(t *testing.T) {
	before := admissions(t)
	for range 200 {
		if got, err := wouldBecome(t.Context(), metav1.ObjectMeta{Namespace: shop}, sharedImage); err != nil || got != sharedImage {
			t.Fatalf("the image became %q: %v", got, err)
		}
	}
	if after := admissions(t); after != before {
		t.Errorf("the webhook was asked %d times for pods without a source host", after-before)
	}
	if got, err := wouldBe(t.Context(), metav1.ObjectMeta{Namespace: shop}); err != nil || got != sharedImage {
		t.Errorf("the image became %q: %v", got, err)
	}
	if after := admissions(t); after != before+1 {
		t.Errorf("the webhook was asked %d times for one pod with a source host", after-before)
	}
}

// resolveAlike compares what a pod gets by cluster DNS with what the node's
// container runtime gets by hosts file and VPC DNS.
func (s *scenario) resolveAlike(t *testing.T) {
	pod := awaitWeb(t)
	await(t, "the pod resolves what the node does", 30*time.Second, func(ctx context.Context) error {
		onNode, err := nodeResolves(ctx)
		if err != nil {
			return err
		}
		inPod, err := get(ctx, "http://"+pod.Status.PodIP+":8080/resolve/"+cluster.Endpoint)
		if err != nil {
			return err
		}
		if got := strings.Fields(inPod); !slices.Equal(got, onNode) {
			return fmt.Errorf("the pod gets %v, the node %v", got, onNode)
		}
		return nil
	})
}

// newPull pulls in a new pod, and it must be this instance that serves.
func newPull(t *testing.T, name, instance string) {
	t.Helper()
	before := countPulls()
	pod := newPod(t, name, sourceImage)
	if got := pod.Spec.Containers[0].Image; got != sharedImage {
		t.Errorf("the stored image is %q, not %q", got, sharedImage)
	}
	awaitRunning(t, shop, name)
	before.pulledFrom(t, instance)
	deletePod(t, shop, name)
}

// untouched fails when the first pod isn't the one that it was, or was restarted.
func (s *scenario) untouched(t *testing.T) {
	t.Helper()
	pod := awaitWeb(t)
	if string(pod.UID) != s.web || pod.Status.ContainerStatuses[0].RestartCount != 0 {
		t.Error(errors.New("the running pod was replaced or restarted"))
	}
}
