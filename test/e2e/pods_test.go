package e2e

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// sourceImage is what a workload names that was written for the primary alone.
const (
	sourceHost  = "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"
	sharedHost  = cluster.Endpoint
	sourceImage = sourceHost + "/" + cluster.WebImage
	sharedImage = sharedHost + "/" + cluster.WebImage
)

// newPod creates a pod that pulls image in any case.
func newPod(t *testing.T, name, image string) *corev1.Pod {
	t.Helper()
	pod, err := node.Client.CoreV1().Pods(shop).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			Containers:                    []corev1.Container{{Name: "web", Image: image, ImagePullPolicy: corev1.PullAlways}},
			TerminationGracePeriodSeconds: new(int64),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pod
}

// wouldBe is the image that the API server would store for a pod with a source image.
func wouldBe(ctx context.Context, pod metav1.ObjectMeta) (image string, err error) {
	return wouldBecome(ctx, pod, sourceImage)
}

// wouldBecome is the same for any image: dry runs are admitted as all others.
func wouldBecome(ctx context.Context, pod metav1.ObjectMeta, image string) (stored string, err error) {
	pod.Name = "dry-run"
	created, err := node.Client.CoreV1().Pods(pod.Namespace).Create(ctx, &corev1.Pod{
		ObjectMeta: pod,
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: image}}},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return "", err
	}
	return created.Spec.Containers[0].Image, nil
}

// deletePod returns when it is gone.
func deletePod(t *testing.T, namespace, name string) {
	t.Helper()
	pods := node.Client.CoreV1().Pods(namespace)
	if err := pods.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, "the pod "+name+" is gone", time.Minute, func(ctx context.Context) error {
		if _, err := pods.Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return fmt.Errorf("it is still there: %w", err)
		}
		return nil
	})
}

// awaitRunning returns a pod when all its containers run and are ready.
func awaitRunning(t *testing.T, namespace, name string) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	await(t, "the pod "+name+" is ready", time.Minute, func(ctx context.Context) (err error) {
		if pod, err = node.Client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{}); err != nil {
			return err
		}
		return ready(pod)
	})
	return pod
}

func ready(pod *corev1.Pod) error {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
			return nil
		}
	}
	var reasons []error
	for _, container := range pod.Status.ContainerStatuses {
		if waiting := container.State.Waiting; waiting != nil {
			reasons = append(reasons, fmt.Errorf("%s: %s", waiting.Reason, waiting.Message))
		}
	}
	return fmt.Errorf("pod %s is %s: %w", pod.Name, pod.Status.Phase, errors.Join(reasons...))
}

// podsOf lists the pods of one of the product's workloads that aren't ending.
func podsOf(t *testing.T, component string) []corev1.Pod {
	t.Helper()
	pods, err := listPods(t.Context(), component)
	if err != nil {
		t.Fatal(err)
	}
	return pods
}

// listPods fails when there is none.
func listPods(ctx context.Context, component string) ([]corev1.Pod, error) {
	list, err := node.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{
		LabelSelector: "app.kubernetes.io/part-of=registry-failover,app.kubernetes.io/component=" + component,
	})
	if err != nil {
		return nil, err
	}
	var pods []corev1.Pod
	for _, pod := range list.Items {
		if pod.DeletionTimestamp == nil {
			pods = append(pods, pod)
		}
	}
	if len(pods) == 0 {
		return nil, fmt.Errorf("there is no pod of %s", component)
	}
	return pods, nil
}

// admissions sums what all webhooks have counted.
func admissions(t *testing.T) int {
	t.Helper()
	sum := 0
	for _, pod := range podsOf(t, "webhook") {
		page, err := get(t.Context(), "http://"+pod.Status.PodIP+":8080/metrics")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(page, "\n") {
			if strings.HasPrefix(line, "registry_failover_admission_requests_total{") {
				value, err := strconv.ParseFloat(line[strings.LastIndex(line, " ")+1:], 64)
				if err != nil {
					t.Fatal(err)
				}
				sum += int(value)
			}
		}
	}
	return sum
}

// pulls counts the manifests that each instance has served.
type pulls struct{ hangzhou, zhangjiakou int }

func countPulls() pulls {
	return pulls{node.Hangzhou.Pulls("demo/web"), node.Zhangjiakou.Pulls("demo/web")}
}

// pulledFrom fails unless, since before, the one instance served and the other didn't.
func (before pulls) pulledFrom(t *testing.T, instance string) {
	t.Helper()
	now := countPulls()
	served := pulls{now.hangzhou - before.hangzhou, now.zhangjiakou - before.zhangjiakou}
	if (served.hangzhou > 0) != (instance == "hangzhou") || (served.zhangjiakou > 0) != (instance == "zhangjiakou") {
		t.Errorf("the access logs show %+v pulls: only %s should have served", served, instance)
	}
}
