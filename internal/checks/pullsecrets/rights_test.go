package pullsecrets

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// TestWhichRightIsMissing has a caller who may not do what is refused, as verb, resource and
// namespace.
func TestWhichRightIsMissing(t *testing.T) {
	type right struct{ verb, resource, namespace string }
	var (
		anyPods, namespaces = right{"list", "pods", ""}, right{"list", "namespaces", ""}
		secrets             = right{"get", "secrets", "bank"}
	)
	forbidden := func(what string) string {
		return what + ` is forbidden: <nil>`
	}
	const bank = "failed bank/default: no credential for the shared endpoint, only for the own hosts of hangzhou (pull) and zhangjiakou (pull) (Pod/bank)\n" +
		"  set pullSecrets: {mode: Derive, namespaces: [bank, shop]}, and new pods are given a companion of each for the shared endpoint\n"
	const shop = "failed shop/default: no credential for the shared endpoint, only for the own hosts of hangzhou (pull) and zhangjiakou (pull) (Pod/shop)\n" +
		"  set pullSecrets: {mode: Derive, namespaces: [bank, shop]}, and new pods are given a companion of each for the shared endpoint\n"
	for sentence, test := range map[string]struct {
		refused []right
		own     string
		want    string
	}{
		"none": {nil, "", bank + shop},
		"to Secrets of one namespace": {
			[]right{secrets}, "",
			`failed shop/default: no credential for the shared endpoint, only for the own hosts of hangzhou (pull) and zhangjiakou (pull) (Pod/shop)` +
				"\n  set pullSecrets: {mode: Derive, namespaces: [bank, shop]}, and new pods are given a companion of each for the shared endpoint\n" +
				"unknown bank: the Secret pull can't be read: " + forbidden("secrets") + "\n  use a kubeconfig that may get Secrets in the namespace bank\n",
		},
		"to namespaces' labels": {
			[]right{namespaces}, "",
			bank + shop + "unknown : the labels of namespaces, by which some are left alone, can't be read: list namespaces: " + forbidden("namespaces") + "\n  use a kubeconfig that may list namespaces\n",
		},
		"to all pods: the namespaces that the caller knows are looked at": {
			[]right{anyPods}, "shop",
			bank + shop + "unknown : looked at were only the pods of bank, shop: pods of all namespaces can't be listed: list pods: " + forbidden("pods") + "\n  use a kubeconfig that may list pods in all namespaces\n",
		},
		"to all pods, and to those of one that is known": {
			[]right{anyPods, {"list", "pods", "bank"}}, "",
			"unknown : pods in the namespace bank can't be listed: list pods: " + forbidden("pods") + "\n  use a kubeconfig that may list pods in the namespace bank\n" +
				"unknown : pods of all namespaces can't be listed: list pods: " + forbidden("pods") + "\n  use a kubeconfig that may list pods in all namespaces\n",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			var objects []runtime.Object
			for _, namespace := range []string{"shop", "bank"} {
				objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, pod(namespace, []string{"pull"}, image, in(namespace)), inNamespace(pullSecret("pull", publicA, internalB), namespace))
			}
			client := fake.NewClientset(objects...)
			client.PrependReactor("*", "*", func(a ktesting.Action) (bool, runtime.Object, error) {
				for _, r := range test.refused {
					if r == (right{a.GetVerb(), a.GetResource().Resource, a.GetNamespace()}) {
						return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: r.resource}, "", nil)
					}
				}
				return false, nil, nil
			})
			c := example(t, config.PullSecrets{Mode: config.PullSecretsCheck, Namespaces: []string{"bank"}})
			got := checks.Run(t.Context(), All(Options{Config: c, Namespace: product, Own: test.own, Core: client.CoreV1()}))
			if diff := cmp.Diff(test.want, text(got[0])); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhatWasNotReadMayHoldWhatIsMissing has a Secret that the caller may not read beside one
// for the other instance.
func TestWhatWasNotReadMayHoldWhatIsMissing(t *testing.T) {
	client := fake.NewClientset(pod("a", []string{"pull-a", "pull-b"}, image), pullSecret("pull-b", internalB), companion("pull-b", "zhangjiakou"))
	client.PrependReactor("get", "secrets", func(a ktesting.Action) (bool, runtime.Object, error) {
		name := a.(ktesting.GetAction).GetName()
		return name == "pull-a", nil, apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, name, nil)
	})
	c := example(t, config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"shop"}})
	got := checks.Run(t.Context(), All(Options{Config: c, Namespace: product, Core: client.CoreV1()}))
	if got[0].Level() != checks.Unknown || len(got[0].Findings) != 1 {
		t.Errorf("got %s", text(got[0]))
	}
}

func TestEachSecretIsReadOnce(t *testing.T) {
	client := fake.NewClientset(
		pod("a", []string{"pull", "", "../pull", "pull", "gone"}, image), pod("b", []string{"gone", "pull"}, internalB+"/demo/other:1"), pod("c", []string{"pull"}, image, as("ci")),
		pullSecret("pull", publicA, internalB), companion("pull", "hangzhou"),
	)
	read := map[string]int{}
	client.PrependReactor("get", "secrets", func(a ktesting.Action) (bool, runtime.Object, error) {
		read[a.(ktesting.GetAction).GetName()]++
		return false, nil, nil
	})
	c := example(t, config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"*"}})
	checks.Run(t.Context(), All(Options{Config: c, Namespace: product, Core: client.CoreV1()}))
	want := map[string]int{"pull": 1, "gone": 1, "pull.hangzhou." + shared: 1, "pull.zhangjiakou." + shared: 1}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("reads (-want +got):\n%s", diff)
	}
}

// TestAnAPIServerThatFailsMakesNothingFine: what wasn't read isn't there for a finding either.
func TestAnAPIServerThatFailsMakesNothingFine(t *testing.T) {
	for _, resource := range []string{"pods", "secrets"} {
		client := fake.NewClientset(pod("a", []string{"pull"}, image), pullSecret("pull", internalB))
		client.PrependReactor("*", resource, func(ktesting.Action) (bool, runtime.Object, error) {
			return true, nil, errors.New("out of order")
		})
		got := checks.Run(t.Context(), All(Options{Config: example(t, config.PullSecrets{}), Namespace: product, Core: client.CoreV1()}))
		if got[0].Level() != checks.Unknown || len(got[0].Findings) != 1 || got[0].Findings[0].Remedy != "look again when the API server answers, and with a longer --timeout" {
			t.Errorf("%s: %s", resource, text(got[0]))
		}
	}
}
