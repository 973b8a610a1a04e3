package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/standin"
)

// dnsPort is where a pod of resolver-dns listens.
const dnsPort = "5353"

// awaitAnswers waits until every pod of resolver-dns answers addr.
func awaitAnswers(t *testing.T, addr string) {
	t.Helper()
	for _, pod := range podsOf(t, "resolver-dns") {
		awaitAnswer(t, pod.Status.PodIP, addr)
	}
}

func awaitAnswer(t *testing.T, pod, addr string) {
	t.Helper()
	await(t, pod+" answers "+addr, 30*time.Second, func(ctx context.Context) error {
		return answers(ctx, pod, addr)
	})
}

func answers(ctx context.Context, pod, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	got, err := standin.Lookup(ctx, net.JoinHostPort(pod, dnsPort), cluster.Endpoint)
	if err != nil {
		return err
	}
	if len(got) != 1 || got[0].String() != addr {
		return fmt.Errorf("it answers %v", got)
	}
	return nil
}

// startWithoutSwitch replaces every resolver while the switch is missing and
// no controller brings it back: their caches are new and empty, and the node's
// block is away, so that only the state can tell them of the failover.
func (s *scenario) startWithoutSwitch(t *testing.T) {
	kubectl(t, "-n", namespace, "scale", "deployment/registry-failover-controller", "--replicas", "0")
	kubectl(t, "-n", namespace, "wait", "--for=delete", "pod", "-l", "app.kubernetes.io/component=controller", "--timeout", "1m")
	if err := node.Client.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "registry-failover", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	const noNode = `{"spec":{"template":{"spec":{"nodeSelector":{"registry-failover.io/test":"none"}}}}}`
	const anyNode = `{"spec":{"template":{"spec":{"nodeSelector":{"registry-failover.io/test":null}}}}}`
	resolver := func(patch string) {
		kubectl(t, "-n", namespace, "patch", "daemonset/registry-failover-resolver", "--type", "merge", "-p", patch)
	}
	resolver(noNode)
	kubectl(t, "-n", namespace, "wait", "--for=delete", "pod", "-l", "app.kubernetes.io/component=resolver", "--timeout", "1m")
	if err := os.WriteFile("/etc/hosts", []byte(cluster.HostsFile), 0o644); err != nil {
		t.Fatal(err)
	}
	resolver(anyNode)
	kubectl(t, "-n", namespace, "delete", "pod", "-l", "app.kubernetes.io/component=resolver-dns")
	await(t, "new resolvers run", time.Minute, func(ctx context.Context) error {
		for _, component := range []string{"resolver", "resolver-dns"} {
			pods, err := listPods(ctx, component)
			if err != nil {
				return err
			}
			for _, pod := range pods {
				if err := running(&pod); err != nil {
					return err
				}
			}
		}
		return nil
	})
	awaitHosts(t, node.Hangzhou.Internal.String())
	awaitAnswers(t, node.Hangzhou.Internal.String())
	for _, pod := range append(podsOf(t, "resolver"), podsOf(t, "resolver-dns")...) {
		told, err := get(t.Context(), "http://"+net.JoinHostPort(pod.Status.PodIP, "8081")+"/debug/answer")
		if err != nil || !strings.Contains(told, `"switchFrom": "state"`) || !strings.Contains(told, `"target": "hangzhou/internal"`) {
			t.Errorf("%s tells %s, %v", pod.Name, told, err)
		}
	}
	if output, err := node.Kubectl(t.Context(), "-n", namespace, "get", "configmap", "registry-failover"); err == nil {
		t.Errorf("the switch is there, so that nothing is shown: %s", output)
	}
	kubectl(t, "-n", namespace, "scale", "deployment/registry-failover-controller", "--replicas", "2")
	awaitSwitch(t, "hangzhou")
	// What was deleted by hand above comes back as it does for a person: with an upgrade.
	s.runHelm(t, "upgrade")
	awaitRollouts(t)
}

func running(pod *corev1.Pod) error {
	for _, container := range pod.Status.ContainerStatuses {
		if container.State.Running != nil {
			return nil
		}
	}
	return errors.New("pod " + pod.Name + " isn't running")
}

// loseAPIServer ends it as a crash does, and the resolvers' containers with it.
func (s *scenario) loseAPIServer(t *testing.T) {
	resolvers := append(podsOf(t, "resolver"), podsOf(t, "resolver-dns")...)
	serving := podsOf(t, "resolver-dns")
	node.APIServer.Kill()
	started := false
	defer func() {
		if !started {
			_ = node.RestartAPIServer(context.WithoutCancel(t.Context()))
		}
	}()
	for _, pod := range serving {
		awaitAnswer(t, pod.Status.PodIP, node.Hangzhou.Internal.String())
	}
	for _, pod := range resolvers {
		restartContainer(t, pod)
	}
	for _, pod := range resolvers {
		await(t, pod.Name+" is ready again", 30*time.Second, func(ctx context.Context) error {
			_, err := get(ctx, "http://"+pod.Status.PodIP+":8081/readyz")
			return err
		})
	}
	// Longer than a resolver waits for the API server before it goes by what it has.
	holds(t, "answers and hosts stay", 12*time.Second, func(ctx context.Context) error {
		for _, pod := range serving {
			if err := answers(ctx, pod.Status.PodIP, node.Hangzhou.Internal.String()); err != nil {
				return fmt.Errorf("%s: %w", pod.Name, err)
			}
		}
		return hostsLead(t, node.Hangzhou.Internal.String())
	})
	if err := node.RestartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	started = true
	awaitRollouts(t)
	awaitAnswers(t, node.Hangzhou.Internal.String())
}

// restartContainer kills a pod's process and returns when kubelet has started another.
func restartContainer(t *testing.T, pod corev1.Pod) {
	t.Helper()
	before := pids(t, pod)
	if len(before) != 1 {
		t.Fatalf("%s has the processes %v", pod.Name, before)
	}
	if err := kill(before[0]); err != nil {
		t.Fatal(err)
	}
	await(t, pod.Name+" has a new process", time.Minute, func(context.Context) error {
		if now := pids(t, pod); len(now) != 1 || slices.Equal(now, before) {
			return fmt.Errorf("its processes are %v", now)
		}
		return nil
	})
}

// loseWebhook takes all webhooks away.
func (s *scenario) loseWebhook(t *testing.T) {
	kubectl(t, "-n", namespace, "scale", "deployment/registry-failover-webhook", "--replicas", "0")
	kubectl(t, "-n", namespace, "wait", "--for=delete", "pod", "-l", "app.kubernetes.io/component=webhook", "--timeout", "2m")
	pod := newPod(t, "without-webhook", sourceImage)
	if got := pod.Spec.Containers[0].Image; got != sourceImage {
		t.Errorf("the stored image is %q, not as it was written", got)
	}
	awaitRunning(t, shop, "without-webhook")
	deletePod(t, shop, "without-webhook")
	kubectl(t, "-n", namespace, "scale", "deployment/registry-failover-webhook", "--replicas", "2")
	awaitRollouts(t)
	await(t, "pods are rewritten again", 30*time.Second, func(ctx context.Context) error {
		got, err := wouldBe(ctx, metav1.ObjectMeta{Namespace: shop})
		if err == nil && got != sharedImage {
			err = fmt.Errorf("the stored image would be %q", got)
		}
		return err
	})
}
