package stragglers_test

import (
	"log/slog"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	shared = "cross-region.registry.io"
	source = "b-registry.cn-zhangjiakou.cr.aliyuncs.com"
)

var silent = slog.New(slog.DiscardHandler)

// parse gives the example's configuration, in which demo/kept is left out.
func parse(t testing.TB) *config.Config {
	t.Helper()
	example, err := os.ReadFile("../../testdata/config/example.yaml")
	must(t, err)
	c, err := config.Parse(example)
	must(t, err)
	c.Endpoints[0].Rewrite.Repositories.Exclude = []string{"demo/kept"}
	return c
}

func rewriter(t testing.TB) *rewrite.Rewriter {
	t.Helper()
	r, err := parse(t).Rewriter()
	must(t, err)
	return r
}

// pod has a container for each image; edits change it.
func pod(namespace, name string, images []string, edits ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	for _, image := range images {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Image: image, ImagePullPolicy: corev1.PullIfNotPresent})
	}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

// ownedBy gives the pod a controller.
func ownedBy(kind, name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		isController := true
		p.OwnerReferences = append(p.OwnerReferences, metav1.OwnerReference{Kind: kind, Name: name, Controller: &isController})
	}
}

func labelled(key, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels = map[string]string{key: value} }
}

func namespace(name string, labels map[string]string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
}

// node holds images under names, of which each argument lists those of one image.
func node(name string, images ...[]string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, names := range images {
		n.Status.Images = append(n.Status.Images, corev1.ContainerImage{Names: names})
	}
	return n
}

func compare(t testing.TB, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
