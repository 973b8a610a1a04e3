package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/standin"
)

// The registries ask for passwords in TestPullSecrets: A for one with each request,
// B for one that its realm gives a token for.
const (
	userA, passwordA = "shop@1234567890123456", "of-hangzhou"
	userB, passwordB = "shop@1234567890123456", "of-zhangjiakou"
	hostA            = "a-registry.cn-hangzhou.cr.aliyuncs.com"
)

// guardInstances has A ask for a password with each request, and B for a token
// that its realm gives for one, until openInstances.
func guardInstances(passwordB string) {
	b := node.Zhangjiakou
	realm := standin.NewRealm("https://"+b.Realm+"/auth", "registry.aliyuncs.com:cn-zhangjiakou:china:cri-bbbbb", userB, passwordB, "demo/web")
	node.Hangzhou.Intercept(standin.Password(userA, passwordA))
	b.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Host == b.Realm {
			return realm.Issue(w, r)
		}
		return realm.Guard(w, r)
	})
}

func secrets() corev1client.SecretInterface { return node.Client.CoreV1().Secrets(shop) }

// pullSecret makes a Secret as kubectl create secret docker-registry does, for some hosts.
func pullSecret(name string, credentials map[string][2]string) *corev1.Secret {
	auths := map[string]map[string]string{}
	for host, c := range credentials {
		auths[host] = map[string]string{"username": c[0], "password": c[1]}
	}
	content, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		panic(err) // strings
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: content},
	}
}

func createSecret(t *testing.T, secret *corev1.Secret) {
	t.Helper()
	if _, err := secrets().Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func companionOf(secret, instance string) string {
	return secret + "." + instance + "." + cluster.Endpoint
}

// companions are all derived Secrets of all namespaces.
func companions(t *testing.T) []string {
	t.Helper()
	list, err := node.Client.CoreV1().Secrets("").List(t.Context(), metav1.ListOptions{LabelSelector: "registry-failover.io/pull-secret"})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, secret := range list.Items {
		names = append(names, secret.Namespace+"/"+secret.Name)
	}
	slices.Sort(names)
	return names
}

// awaitCompanions waits a second, which is how long it may take, and some more for a busy machine.
func awaitCompanions(t *testing.T, secret string, instances ...string) {
	t.Helper()
	begin := time.Now()
	await(t, "the companions of "+secret, 20*time.Second, func(ctx context.Context) error {
		for _, instance := range []string{"hangzhou", "zhangjiakou"} {
			_, err := secrets().Get(ctx, companionOf(secret, instance), metav1.GetOptions{})
			if there, should := err == nil, slices.Contains(instances, instance); there != should {
				return fmt.Errorf("that for %s is there: %t: %w", instance, there, err)
			}
		}
		return nil
	})
	t.Logf("the companions of %s were as they should be after %d ms", secret, time.Since(begin).Milliseconds())
}

// appended are the pull secrets that a pod with one would be stored with.
func appended(ctx context.Context, secret string) ([]string, error) {
	pod, err := node.Client.CoreV1().Pods(shop).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "dry-run"},
		Spec: corev1.PodSpec{
			Containers:       []corev1.Container{{Name: "web", Image: sourceImage}},
			ImagePullSecrets: []corev1.LocalObjectReference{{Name: secret}},
		},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, reference := range pod.Spec.ImagePullSecrets {
		names = append(names, reference.Name)
	}
	return names, nil
}

// awaitEvent waits for a pod's event and returns its message.
func awaitEvent(t *testing.T, pod, reason string) (message string) {
	t.Helper()
	await(t, "an event "+reason+" of the pod "+pod, time.Minute, func(ctx context.Context) error {
		list, err := node.Client.CoreV1().Events(shop).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.name=" + pod + ",reason=" + reason})
		if err != nil {
			return err
		}
		for _, event := range list.Items {
			if strings.Contains(event.Message, "pull") {
				message = event.Message
				return nil
			}
		}
		return errors.New("there is none")
	})
	return message
}

// awaitConflict waits until a controller has counted a name that is taken.
func awaitConflict(t *testing.T) {
	t.Helper()
	await(t, "the controller tells of a name that is taken", time.Minute, func(ctx context.Context) error {
		pods, err := listPods(ctx, "controller")
		if err != nil {
			return err
		}
		for _, pod := range pods {
			page, err := get(ctx, "http://"+pod.Status.PodIP+":8082/metrics")
			if err != nil {
				return err
			}
			for line := range strings.SplitSeq(page, "\n") {
				if strings.HasPrefix(line, "registry_failover_pull_secret_conflicts ") && !strings.HasSuffix(line, " 0") {
					return nil
				}
			}
		}
		return errors.New("none does")
	})
}

// openInstances has nobody asked for a password.
func openInstances() {
	node.Hangzhou.Intercept(nil)
	node.Zhangjiakou.Intercept(nil)
}
