package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestStragglers has pods that the webhook didn't rewrite: the controller counts
// them, and the plugin lists them by owner.
func TestStragglers(t *testing.T) {
	s := newScenario(t, 4)
	s.play(t, "pods are created before the installation", (*scenario).deployBefore)
	s.play(t, "helm install counts them", (*scenario).installAndCount)
	s.play(t, "one that opted out and one of an outage are counted and listed by owner", (*scenario).missPods)
	s.play(t, "somebody with rights in one namespace sees that namespace", (*scenario).explainOneNamespace)
	s.play(t, "helm uninstall leaves nothing", (*scenario).uninstallStragglers)
}

// deployBefore has a Deployment of two pods whose image the node holds under its old name.
func (s *scenario) deployBefore(t *testing.T) {
	labels := map[string]string{"app": "older"}
	replicas := int32(2)
	_, err := node.Client.AppsV1().Deployments(shop).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "older"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					Containers:                    []corev1.Container{{Name: "web", Image: sourceHost + "/" + cluster.OlderImage, ImagePullPolicy: corev1.PullIfNotPresent}},
					TerminationGracePeriodSeconds: new(int64),
				},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", shop, "rollout", "status", "deployment/older", "--timeout", "1m")
}

func (s *scenario) installAndCount(t *testing.T) {
	s.runHelm(t, "install")
	awaitSwitch(t, "privatezone")
	awaitRollouts(t)
	awaitStragglers(t, map[string]string{`pods{NotRewritten}`: "2"})
}

// missPods creates a pod that opts out, and one while no webhook runs. A new
// leader counts at once.
func (s *scenario) missPods(t *testing.T) {
	kubectl(t, "-n", namespace, "scale", "deployment/registry-failover-webhook", "--replicas", "0")
	kubectl(t, "-n", namespace, "delete", "pod", "-l", "app.kubernetes.io/component=webhook", "--force", "--grace-period", "0")
	await(t, "no webhook answers", 30*time.Second, func(ctx context.Context) error {
		got, err := wouldBe(ctx, metav1.ObjectMeta{Namespace: shop})
		if err == nil && got != sourceImage {
			err = fmt.Errorf("the stored image would be %q", got)
		}
		return err
	})
	if got := newPod(t, "outage", sourceImage).Spec.Containers[0].Image; got != sourceImage {
		t.Fatalf("the stored image is %q, so that there is no outage", got)
	}
	kubectl(t, "-n", namespace, "scale", "deployment/registry-failover-webhook", "--replicas", "2")
	kubectl(t, "-n", shop, "run", "keeper", "--image", sourceImage, "--image-pull-policy", "Always", "--labels", "registry-failover.io/rewrite=false")

	number := func(n int) *int { return &n }
	want := []stragglerEntry{
		{shop, "Deployment/older", 2, sharedHost + "/" + cluster.OlderImage, "NotRewritten", number(1)},
		{shop, "Pod/keeper", 1, sourceImage, "OptedOut", number(0)},
		{shop, "Pod/outage", 1, sharedImage, "NotRewritten", number(0)},
	}
	// A node tells of an image up to 40 s after it was pulled.
	await(t, "the list by owner", time.Minute, func(ctx context.Context) error {
		output, err := node.Kubectl(ctx, "registry-failover", "explain", "--cluster", "-o", "json")
		if err != nil {
			return err
		}
		var got []stragglerEntry
		if err := json.Unmarshal([]byte(output), &got); err != nil {
			return err
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("(-want +got):\n%s", diff)
		}
		return nil
	})
	t.Log("\n" + kubectl(t, "registry-failover", "explain", "--cluster"))
	kubectl(t, "-n", namespace, "delete", "pod", "-l", "app.kubernetes.io/component=controller")
	awaitStragglers(t, map[string]string{`pods{NotRewritten}`: "3", `pods{OptedOut}`: "1", `node_images{}`: "1"})
	awaitRollouts(t)
}

// explainOneNamespace asks as somebody who may read pods of the shop and nothing else.
func (s *scenario) explainOneNamespace(t *testing.T) {
	kubectl(t, "-n", shop, "create", "rolebinding", "viewer", "--clusterrole", "view", "--user", "dev")
	defer kubectl(t, "-n", shop, "delete", "rolebinding", "viewer")
	const config = "testdata/config/example.yaml"
	args := []string{"registry-failover", "explain", "--cluster", "--as", "dev", "--config", node.Root + "/" + config}
	if output, err := node.Kubectl(t.Context(), args...); err == nil || !strings.Contains(err.Error(), "name a namespace of yours with --namespace") {
		t.Errorf("all namespaces: %v %s", err, output)
	}
	if output := kubectl(t, append(args, "--namespace", shop)...); !strings.Contains(output, "shop: Deployment/older\n") {
		t.Errorf("one namespace: %s", output)
	}
}

func (s *scenario) uninstallStragglers(t *testing.T) {
	kubectl(t, "-n", shop, "delete", "deployment/older", "pod/outage", "pod/keeper", "--now")
	if _, err := s.runUninstall(t); err != nil {
		t.Fatal(err)
	}
	await(t, "the pods are gone", time.Minute, func(ctx context.Context) error {
		_, err := node.Client.CoreV1().Pods(shop).Get(ctx, "keeper", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			return fmt.Errorf("keeper is still there: %w", err)
		}
		return nil
	})
	s.awaitNothingLeft(t)
}

// stragglerEntry is what matters here of an entry of explain --cluster.
type stragglerEntry struct {
	Namespace, Owner  string
	Pods              int
	Rewritten, Reason string
	PullAgain         *int
}

// awaitStragglers waits for values of the leader's metrics, by name and reason.
func awaitStragglers(t *testing.T, want map[string]string) {
	t.Helper()
	await(t, "the counts of the controller", time.Minute, func(ctx context.Context) error {
		pods, err := listPods(ctx, "controller")
		if err != nil {
			return err
		}
		got := map[string]string{}
		for _, pod := range pods {
			page, err := get(ctx, "http://"+pod.Status.PodIP+":8082/metrics")
			if err != nil {
				return err
			}
			for line := range strings.Lines(page) {
				sample, ours := strings.CutPrefix(line, "registry_failover_source_host_")
				name, labels, labelled := strings.Cut(sample, "{")
				if !ours || !labelled {
					continue
				}
				labels, value, _ := strings.Cut(labels, "} ")
				_, reason, _ := strings.Cut(labels, `reason="`)
				got[name+"{"+strings.TrimSuffix(reason, `"`)+"}"] = strings.TrimSpace(value)
			}
		}
		for sample, value := range want {
			if got[sample] != value {
				return fmt.Errorf("they are %v, and %s should be %s", got, sample, value)
			}
		}
		return nil
	})
}
