package uninstall

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/test/secretsapi"
)

// pullSecrets are an original, its companion and a minted one in each namespace.
func pullSecrets(namespaces ...string) *secretsapi.Server {
	api := &secretsapi.Server{}
	for _, n := range namespaces {
		for name, kind := range map[string]string{"pull": "", "companion": ownedsecrets.Derived, "minted": ownedsecrets.Minted} {
			s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: n, Name: name}}
			if kind != "" {
				s.Labels = map[string]string{"app.kubernetes.io/part-of": "registry-failover", ownedsecrets.Label: kind}
			}
			api.Put(s)
		}
	}
	return api
}

func cleanupPullSecrets(t *testing.T, api *secretsapi.Server, namespaces ...string) (*output, error) {
	t.Helper()
	client, err := kubernetes.NewForConfig(api.Config())
	if err != nil {
		t.Fatal(err)
	}
	out := &output{}
	return out, CleanupPullSecrets(t.Context(), Options{Client: client, Namespace: namespace, PullSecrets: namespaces, Out: out})
}

func TestCleanupDeletesCompanionsWhereItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := pullSecrets("a", "b", "c", namespace)
		out, err := cleanupPullSecrets(t, api, "a", "b", "gone", namespace)
		if err != nil || !out.has("Deleted are all companions") {
			t.Error(err)
		}
		want := []string{"a/pull", "b/pull", "c/companion", "c/minted", "c/pull", namespace + "/companion", namespace + "/minted", namespace + "/pull"}
		if diff := cmp.Diff(want, api.Secrets()); diff != "" {
			t.Error(diff)
		}
		for _, r := range api.Requests() {
			if r.Verb != "deletecollection" {
				t.Errorf("it asks to %s", r)
			}
		}
	})
}

func TestCleanupOfAllNamespacesLeavesTwoAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var namespaces []runtime.Object
		for _, n := range []string{"a", "b", "kube-system", namespace} {
			namespaces = append(namespaces, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n}})
		}
		client := fake.NewClientset(namespaces...)
		if err := CleanupPullSecrets(t.Context(), Options{Client: client, Namespace: namespace, PullSecrets: []string{"*"}, Out: &output{}}); err != nil {
			t.Error(err)
		}
		var in []string
		for _, a := range client.Actions() {
			if d, ok := a.(ktesting.DeleteCollectionAction); ok && a.GetVerb() == "delete-collection" {
				in = append(in, d.GetNamespace()+" "+d.GetListRestrictions().Labels.String())
			}
		}
		const chosen = " app.kubernetes.io/part-of=registry-failover,registry-failover.io/pull-secret"
		if diff := cmp.Diff([]string{"a" + chosen, "b" + chosen}, in); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCleanupTellsWhatItCouldNotDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := pullSecrets("a", "b")
		api.Refuse = func(r secretsapi.Request) int {
			if r.Namespace == "a" {
				return http.StatusForbidden
			}
			return 0
		}
		begun := time.Now()
		_, err := cleanupPullSecrets(t, api, "a", "b")
		if err == nil || !strings.Contains(err.Error(), "run `kubectl -n a delete secret -l registry-failover.io/pull-secret`") || time.Since(begun) != time.Minute {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
		if got := strings.Join(api.Secrets(), " "); got != "a/companion a/minted a/pull b/pull" {
			t.Errorf("left are %s", got)
		}
	})
}
