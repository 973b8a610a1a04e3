package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/cli"
)

// private is how a Deployment of TestPullSecrets gets its credentials.
type private struct {
	spec string // lines of the pod's spec
	// survives says that it has a credential for each instance.
	survives bool
}

// privates are the workloads, by the Deployment's name.
var privates = map[string]private{
	"two-secrets": {"imagePullSecrets: [{name: pull-b}, {name: pull-a}]", true},
	"account":     {"serviceAccountName: puller", true},
	"one-secret":  {"imagePullSecrets: [{name: pull-both}]", true},
	"only-b":      {"imagePullSecrets: [{name: pull-b}]", false},
}

// TestPullSecrets plays what becomes of private images: with Secrets as people have
// them for the instances' own hosts, pods are pulled from B, after a failover from
// A, and after the failback from B.
func TestPullSecrets(t *testing.T) {
	s := newScenario(t, 4)
	guardInstances(passwordB)
	defer openInstances()
	s.play(t, "helm install with pullSecrets.mode Derive", func(s *scenario, t *testing.T) {
		s.runHelm(t, "install", "--set", "config.pullSecrets.mode=Derive", "--set", "config.pullSecrets.namespaces={"+shop+"}")
		awaitSwitch(t, "privatezone")
		awaitRollouts(t)
	})
	s.play(t, "each Secret is given a companion for each instance that it has a credential for", func(_ *scenario, t *testing.T) { derive(t) })
	s.play(t, "pods run from B", func(_ *scenario, t *testing.T) { deployAll(t) })
	s.play(t, "a pod that comes before its Secret runs once that is there", func(_ *scenario, t *testing.T) { podBeforeSecret(t) })
	s.play(t, "check says who has no credential for A", func(_ *scenario, t *testing.T) { checkTellsTheMissing(t) })
	s.play(t, "a password that is changed reaches new pods", func(_ *scenario, t *testing.T) { rotate(t) })
	s.play(t, "after a failover new pods run from A", func(_ *scenario, t *testing.T) {
		throw(t, "hangzhou")
		awaitHosts(t, node.Hangzhou.Internal.String())
		awaitRuntime(t, node.Hangzhou.Internal.String())
		restartAll(t, "hangzhou")
	})
	s.play(t, "without A's credential the pod's event says so", func(_ *scenario, t *testing.T) { missingCredential(t) })
	s.play(t, "after the failback new pods run from B", func(_ *scenario, t *testing.T) {
		throw(t, "privatezone")
		awaitHosts(t, "")
		awaitRuntime(t, node.Zhangjiakou.Internal.String())
		restartAll(t, "zhangjiakou")
	})
	s.play(t, "companions follow their Secret", func(_ *scenario, t *testing.T) { follow(t) })
	s.play(t, "helm uninstall removes every companion", func(s *scenario, t *testing.T) {
		if _, err := s.runUninstall(t); err != nil {
			t.Fatal(err)
		}
		if left := companions(t); len(left) > 0 {
			t.Errorf("these are left: %v", left)
		}
		for _, name := range []string{"pull-a", "pull-b", "pull-both", "account-pull", "late"} {
			must(t, secrets().Delete(t.Context(), name, metav1.DeleteOptions{}))
		}
		must(t, node.Client.CoreV1().ServiceAccounts(shop).Delete(t.Context(), "puller", metav1.DeleteOptions{}))
		for name := range privates {
			kubectl(t, "-n", shop, "delete", "deployment/"+name)
		}
		s.awaitNothingLeft(t)
	})
}

func derive(t *testing.T) {
	a, b := [2]string{userA, passwordA}, [2]string{userB, passwordB}
	createSecret(t, pullSecret("pull-b", map[string][2]string{sourceHost: b}))
	createSecret(t, pullSecret("pull-a", map[string][2]string{hostA: a}))
	createSecret(t, pullSecret("pull-both", map[string][2]string{hostA: a, sourceHost: b, "docker.example.com": a}))
	createSecret(t, pullSecret("account-pull", map[string][2]string{"https://" + hostA + "/v2/": a, sourceHost: b}))
	awaitCompanions(t, "pull-b", "zhangjiakou")
	awaitCompanions(t, "pull-a", "hangzhou")
	awaitCompanions(t, "pull-both", "hangzhou", "zhangjiakou")
	awaitCompanions(t, "account-pull", "hangzhou", "zhangjiakou")
	_, err := node.Client.CoreV1().ServiceAccounts(shop).Create(t.Context(), &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{Name: "puller"}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "account-pull"}},
	}, metav1.CreateOptions{})
	must(t, err)
}

func deployAll(t *testing.T) {
	before := countPulls()
	for name, p := range privates {
		if output, err := node.Apply(t.Context(), `apiVersion: apps/v1
kind: Deployment
metadata: {name: `+name+`, namespace: `+shop+`}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: `+name+`}}
  template:
    metadata: {labels: {app: `+name+`}}
    spec:
      `+p.spec+`
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: "`+sourceImage+`", imagePullPolicy: Always}]
`); err != nil {
			t.Fatal(err, output)
		}
	}
	for name := range privates {
		kubectl(t, "-n", shop, "rollout", "status", "deployment/"+name, "--timeout", "1m")
	}
	before.pulledFrom(t, "zhangjiakou")
	await(t, "the webhook appends what there is and nothing else", 3*time.Minute, func(ctx context.Context) error {
		// The index reaches the webhook when kubelet next looks at its pod.
		names, err := appended(ctx, "pull-b")
		if err == nil && !slices.Equal(names, []string{"pull-b", companionOf("pull-b", "zhangjiakou")}) {
			err = fmt.Errorf("a pod with pull-b is given %v", names)
		}
		return err
	})
}

func podBeforeSecret(t *testing.T) {
	_, err := node.Client.CoreV1().Pods(shop).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "early"},
		Spec: corev1.PodSpec{
			Containers:                    []corev1.Container{{Name: "web", Image: sourceImage, ImagePullPolicy: corev1.PullAlways}},
			ImagePullSecrets:              []corev1.LocalObjectReference{{Name: "late"}},
			TerminationGracePeriodSeconds: new(int64),
		},
	}, metav1.CreateOptions{})
	must(t, err)
	awaitEvent(t, "early", "Failed")
	createSecret(t, pullSecret("late", map[string][2]string{sourceHost: {userB, passwordB}}))
	awaitRunning(t, shop, "early")
	deletePod(t, shop, "early")
}

func checkTellsTheMissing(t *testing.T) {
	var out, problems bytes.Buffer
	code := cli.Run(t.Context(), []string{"check", "-o", "json", "--login", "-n", namespace, "--kubeconfig", node.Kubeconfig()}, nil, &out, &problems)
	var results []checks.Result
	if err := json.Unmarshal(out.Bytes(), &results); err != nil {
		t.Fatalf("exit code %d, %v: %s", code, err, problems.String())
	}
	t.Logf("exit code %d\n%s", code, out.String())
	found := ""
	for _, r := range results {
		for _, f := range r.Findings {
			if r.Code == "PULL-SECRETS" && f.Level != checks.OK {
				found += f.Subject + ": " + f.Text + " → " + f.Remedy + "\n"
			}
		}
	}
	if code != 1 || !strings.Contains(found, "hangzhou") || !strings.Contains(found, "only-b") {
		t.Errorf("exit code %d; check doesn't tell that only-b has no credential for hangzhou:\n%s", code, found)
	}
	for _, fine := range []string{"two-secrets", "one-secret"} {
		if strings.Contains(found, fine) {
			t.Errorf("check complains of %s:\n%s", fine, found)
		}
	}
	if strings.Contains(out.String()+problems.String(), passwordA) || strings.Contains(out.String()+problems.String(), passwordB) {
		t.Error("check prints a password")
	}
}

// rotate changes B's password, as its owner does: at the instance, then in the Secrets.
func rotate(t *testing.T) {
	const next = "of-zhangjiakou-since-today"
	guardInstances(next)
	for name, hosts := range map[string][]string{"pull-b": {sourceHost}, "pull-both": {hostA, sourceHost}, "account-pull": {hostA, sourceHost}, "late": {sourceHost}} {
		secret, err := secrets().Get(t.Context(), name, metav1.GetOptions{})
		must(t, err)
		credentials := map[string][2]string{}
		for _, host := range hosts {
			credentials[host] = map[string][2]string{hostA: {userA, passwordA}, sourceHost: {userB, next}}[host]
		}
		secret.Data = pullSecret(name, credentials).Data
		_, err = secrets().Update(t.Context(), secret, metav1.UpdateOptions{})
		must(t, err)
	}
	restartAll(t, "zhangjiakou")
}

// restartAll has each Deployment that can make a new pod, which must be pulled from the instance.
func restartAll(t *testing.T, instance string) {
	t.Helper()
	before := countPulls()
	for name, p := range privates {
		if p.survives || instance == "zhangjiakou" {
			kubectl(t, "-n", shop, "rollout", "restart", "deployment/"+name)
		}
	}
	for name, p := range privates {
		if p.survives || instance == "zhangjiakou" {
			kubectl(t, "-n", shop, "rollout", "status", "deployment/"+name, "--timeout", "2m")
		}
	}
	before.pulledFrom(t, instance)
}

func missingCredential(t *testing.T) {
	kubectl(t, "-n", shop, "rollout", "restart", "deployment/only-b")
	var name string
	await(t, "a new pod of only-b", time.Minute, func(ctx context.Context) error {
		list, err := node.Client.CoreV1().Pods(shop).List(ctx, metav1.ListOptions{LabelSelector: "app=only-b"})
		if err != nil {
			return err
		}
		for _, pod := range list.Items {
			if pod.DeletionTimestamp == nil && ready(&pod) != nil {
				name = pod.Name
				return nil
			}
		}
		return errors.New("there is none")
	})
	if message := awaitEvent(t, name, "Failed"); !strings.Contains(message, "401") && !strings.Contains(message, "authorization") {
		t.Errorf("the event doesn't tell of the credential: %s", message)
	} else {
		t.Log(message)
	}
}

// follow edits and deletes Secrets, their own and companions.
func follow(t *testing.T) {
	secret, err := secrets().Get(t.Context(), "pull-a", metav1.GetOptions{})
	must(t, err)
	secret.Data = pullSecret("pull-a", map[string][2]string{"docker.example.com": {userA, passwordA}}).Data
	_, err = secrets().Update(t.Context(), secret, metav1.UpdateOptions{})
	must(t, err)
	awaitCompanions(t, "pull-a")

	must(t, secrets().Delete(t.Context(), companionOf("pull-b", "zhangjiakou"), metav1.DeleteOptions{}))
	awaitCompanions(t, "pull-b", "zhangjiakou")

	createSecret(t, pullSecret("short-lived", map[string][2]string{sourceHost: {userB, passwordB}}))
	awaitCompanions(t, "short-lived", "zhangjiakou")
	must(t, secrets().Delete(t.Context(), "short-lived", metav1.DeleteOptions{}))
	awaitCompanions(t, "short-lived")

	foreign := pullSecret(companionOf("taken", "zhangjiakou"), map[string][2]string{"docker.example.com": {"a", "b"}})
	createSecret(t, foreign)
	createSecret(t, pullSecret("taken", map[string][2]string{sourceHost: {userB, passwordB}}))
	awaitConflict(t)
	found, err := secrets().Get(t.Context(), foreign.Name, metav1.GetOptions{})
	must(t, err)
	if !maps.EqualFunc(found.Data, foreign.Data, bytes.Equal) || len(found.OwnerReferences)+len(found.Labels) > 0 {
		t.Error("a Secret that somebody else has made was changed")
	}
	for _, name := range []string{"taken", foreign.Name} {
		if err := secrets().Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Fatal(err)
		}
	}
}
