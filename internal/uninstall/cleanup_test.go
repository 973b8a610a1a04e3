package uninstall

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

// newClientset is a fake that can delete a collection of Leases, which client-go's can't.
func newClientset(objects ...runtime.Object) *fake.Clientset {
	api := fake.NewClientset(objects...)
	api.PrependReactor("delete-collection", "leases", func(action ktesting.Action) (bool, runtime.Object, error) {
		chosen := action.(ktesting.DeleteCollectionAction).GetListRestrictions().Labels
		all, err := api.Tracker().List(action.GetResource(), schema.GroupVersionKind{Group: "coordination.k8s.io", Version: "v1", Kind: "Lease"}, action.GetNamespace())
		if err != nil {
			return true, nil, err
		}
		err = eachItem(all, func(o metav1.Object) error {
			if !chosen.Matches(labels.Set(o.GetLabels())) {
				return nil
			}
			return api.Tracker().Delete(action.GetResource(), o.GetNamespace(), o.GetName())
		})
		return true, nil, err
	})
	return api
}

func everything() []runtime.Object {
	election := lease("registry-failover-controller", "none")
	election.Labels = nil
	foreign := lease("foreign", "none")
	foreign.Labels = nil
	return []runtime.Object{
		theSwitch("hangzhou"), configMap(namespace, "registry-failover-state", nil), configMap(namespace, "registry-failover-status", nil),
		configMap(namespace, "foreign", nil), configMap("other", "registry-failover", nil),
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "registry-failover-webhook-certificate"}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "registry-failover-webhook-tls"}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "registry-failover-webhook-ca"}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "foreign"}},
		lease("node-a", "removed"), lease("node-b", "applied"), election, foreign,
	}
}

// left are the objects that exist, as kind namespace/name.
func (h *hook) left() string {
	h.t.Helper()
	var names []string
	for kind, resource := range map[string]schema.GroupVersionResource{
		"ConfigMap": {Version: "v1", Resource: "configmaps"},
		"Secret":    {Version: "v1", Resource: "secrets"},
		"Lease":     {Group: "coordination.k8s.io", Version: "v1", Resource: "leases"},
	} {
		list, err := h.api.Tracker().List(resource, schema.GroupVersionKind{Group: resource.Group, Version: "v1", Kind: kind}, "")
		if err != nil {
			h.t.Fatal(err)
		}
		if err := eachItem(list, func(o metav1.Object) error {
			names = append(names, kind+" "+o.GetNamespace()+"/"+o.GetName())
			return nil
		}); err != nil {
			h.t.Fatal(err)
		}
	}
	return sorted(names)
}

const foreignOnes = "ConfigMap other/registry-failover, ConfigMap registry-failover/foreign, Lease registry-failover/foreign, Secret registry-failover/foreign"

func pod(name, component, owner string, phase corev1.PodPhase) *corev1.Pod {
	yes := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name,
			Labels:          map[string]string{"app.kubernetes.io/part-of": "registry-failover", "app.kubernetes.io/component": component},
			OwnerReferences: []metav1.OwnerReference{{Kind: owner, Name: owner, Controller: &yes}},
		},
		Status: corev1.PodStatus{Phase: phase},
	}
}

func startCleanup(t *testing.T, prepare func(*fake.Clientset), objects ...runtime.Object) *hook {
	h := &hook{t: t, api: newClientset(objects...), out: &output{}, began: time.Now(), ended: make(chan error, 1)}
	if prepare != nil {
		prepare(h.api)
	}
	h.begin(Cleanup)
	return h
}

func TestCleanupDeletesWhatTheProgramsHaveMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startCleanup(t, nil, everything()...)
		if took, err := h.end(); err != nil || took != 0 {
			t.Errorf("after %v: %v", took, err)
		}
		if got := h.left(); got != foreignOnes {
			t.Errorf("left are %s", got)
		}
	})
}

func TestCleanupOfNothingIsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := startCleanup(t, nil).end(); err != nil {
			t.Error(err)
		}
	})
}

func TestCleanupTriesAgainWhatALingeringPolicyRefuses(t *testing.T) {
	refuse := func(times int) func(*fake.Clientset) {
		return func(api *fake.Clientset) {
			api.PrependReactor("delete", "configmaps", func(action ktesting.Action) (bool, runtime.Object, error) {
				name := action.(ktesting.DeleteAction).GetName()
				if times--; name != "registry-failover" || times < 0 {
					return false, nil, nil
				}
				return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, name, errors.New("ValidatingAdmissionPolicy denied request"))
			})
		}
	}
	synctest.Test(t, func(t *testing.T) {
		h := startCleanup(t, refuse(10), everything()...)
		if took, err := h.end(); err != nil || took == 0 || took > 20*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		if got := h.left(); got != foreignOnes {
			t.Errorf("left are %s", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		h := startCleanup(t, refuse(1000), everything()...)
		took, err := h.end()
		if err == nil || took != time.Minute || !strings.Contains(err.Error(), "denied request: run `kubectl -n registry-failover delete configmap registry-failover`") {
			t.Errorf("after %v: %v", took, err)
		}
		if got := h.left(); got != "ConfigMap other/registry-failover, ConfigMap registry-failover/foreign, ConfigMap registry-failover/registry-failover, Lease registry-failover/foreign, Secret registry-failover/foreign" {
			t.Errorf("left are %s", got)
		}
	})
}

func TestCleanupWaitsForPodsThatMayWriteAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		objects := append(everything(), pod("resolver-1", "resolver", "DaemonSet", corev1.PodRunning),
			pod("cleanup", "controller", "Job", corev1.PodRunning), pod("evicted", "controller", "ReplicaSet", corev1.PodFailed),
			pod("webhook", "webhook", "ReplicaSet", corev1.PodRunning))
		h := startCleanup(t, nil, objects...)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := h.left(); !strings.Contains(got, "Lease registry-failover/node-a") {
			t.Errorf("while a resolver runs, left are %s", got)
		}
		if err := h.api.CoreV1().Pods(namespace).Delete(t.Context(), "resolver-1", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		if took, err := h.end(); err != nil || took > 32*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		if got := h.left(); got != foreignOnes {
			t.Errorf("left are %s", got)
		}
	})
}

func TestCleanupDoesNotWaitForeverForAPodOnADeadNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startCleanup(t, nil, append(everything(), pod("resolver-1", "resolver", "DaemonSet", corev1.PodRunning))...)
		if took, err := h.end(); err != nil || took != time.Minute {
			t.Errorf("after %v: %v", took, err)
		}
		h.says("After 1m0s pods resolver-1 are still there. What they",
			"kubectl -n registry-failover delete leases --selector app.kubernetes.io/part-of=registry-failover,app.kubernetes.io/component=resolver")
		if got := h.left(); got != foreignOnes {
			t.Errorf("left are %s", got)
		}
	})
}
