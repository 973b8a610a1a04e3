package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

func TestOwnImages(t *testing.T) {
	const rest = "/platform/registry-failover-webhook:1"
	for sentence, test := range map[string]struct {
		image, want string
	}{
		"elsewhere":                   {"registry.example.com" + rest, "ok : 1 images of the product come from elsewhere\n"},
		"Docker Hub":                  {"platform/webhook", "ok : 1 images of the product come from elsewhere\n"},
		"the shared endpoint":         {shared + rest, "failed " + shared + rest + ": comes from the shared endpoint, and must start when what that leads to is dead\n"},
		"its port, in other case":     {"Cross-Region.registry.io:443" + rest, "failed Cross-Region.registry.io:443" + rest + ": comes from the shared endpoint, and must start when what that leads to is dead\n"},
		"an instance":                 {public + rest, "failed " + public + rest + ": comes from an instance of the shared endpoint, and must start when that is dead\n"},
		"a host with a like name":     {"x" + public + rest, "ok : 1 images of the product come from elsewhere\n"},
		"another port is another one": {public + ":5000" + rest, "ok : 1 images of the product come from elsewhere\n"},
		"a source host that is added": {"old.example.com:5000" + rest, "warning old.example.com:5000" + rest + ": comes from a source host that the configuration adds: where that leads to an instance, it doesn't start when that is dead\n"},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := example(t)
			c.Endpoints[0].Rewrite.ExtraSources = []string{"old.example.com:5000"}
			if diff := cmp.Diff(test.want, findings(judgeImages(c, []string{test.image}))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheImagesOfTheProductsPods(t *testing.T) {
	pod := func(name, part, image string) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "product", Labels: map[string]string{"app.kubernetes.io/part-of": part}},
			Spec:       corev1.PodSpec{InitContainers: []corev1.Container{{Image: "docker.io/init:1"}}, Containers: []corev1.Container{{Image: image}}},
		}
	}
	client := fake.NewClientset(pod("a", "registry-failover", public+"/a:1"), pod("b", "registry-failover", "docker.io/b:1"), pod("other", "other", shared+"/x:1"))
	run := func() string {
		return findings(ownImages(t.Context(), Options{Config: example(t), Core: client.CoreV1(), Namespace: "product"}))
	}
	if diff := cmp.Diff("failed "+public+"/a:1: comes from an instance of the shared endpoint, and must start when that is dead\n", run()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if err := client.CoreV1().Pods("product").Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("ok : 2 images of the product come from elsewhere\n", run()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	client.PrependReactor("list", "pods", func(ktesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", nil)
	})
	got := ownImages(t.Context(), Options{Config: example(t), Core: client.CoreV1(), Namespace: "product"})
	if len(got) != 1 || got[0].Remedy != "use a kubeconfig that may list pods in the namespace product" {
		t.Errorf("got %+v", got)
	}
}

func TestAProductThatIsNotInstalledIsNotFine(t *testing.T) {
	got := findings(ownImages(t.Context(), Options{Config: example(t), Core: fake.NewClientset().CoreV1(), Namespace: "product"}))
	if got != "unknown : no pods of the product are in the namespace product\n" {
		t.Errorf("got %s", got)
	}
}
