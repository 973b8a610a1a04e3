package uninstall

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	namespace = "registry-failover"
	name      = "cross-region.registry.io"
)

// output may be written by a goroutine and read by the test.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) has(words ...string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range words {
		if !strings.Contains(o.text.String(), w) {
			return false
		}
	}
	return true
}

// hook is a hook that runs in a synctest bubble against a cluster with the objects.
type hook struct {
	t     *testing.T
	api   *fake.Clientset
	out   *output
	began time.Time
	ended chan error
}

func start(t *testing.T, run func(context.Context, Options) error, objects ...runtime.Object) *hook {
	t.Helper()
	h := &hook{t: t, api: fake.NewClientset(objects...), out: &output{}, began: time.Now(), ended: make(chan error, 1)}
	h.begin(run)
	return h
}

func (h *hook) begin(run func(context.Context, Options) error) {
	o := Options{
		Client: h.api, Namespace: namespace, CoreDNSNamespace: "kube-system", CoreDNSConfigMap: "coredns",
		Timeout: 2 * time.Minute, Out: h.out,
	}
	go func() { h.ended <- run(h.t.Context(), o) }()
	synctest.Wait()
}

// end waits for the hook, and says how long it took.
func (h *hook) end() (time.Duration, error) {
	err := <-h.ended
	return time.Since(h.began), err
}

// say checks that the output has all the words.
func (h *hook) says(words ...string) {
	h.t.Helper()
	for _, w := range words {
		if !h.out.has(w) {
			h.t.Errorf("it doesn't say %q but %q", w, h.out.text.String())
		}
	}
}

func configMap(namespace, name string, data map[string]string, annotations ...string) *corev1.ConfigMap {
	c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: data}
	for _, a := range annotations {
		key, value, _ := strings.Cut(a, "=")
		c.Annotations = map[string]string{key: value}
	}
	return c
}

// theSwitch has one endpoint.
func theSwitch(value string, annotations ...string) *corev1.ConfigMap {
	return configMap(namespace, "registry-failover", map[string]string{name: value}, annotations...)
}

func node(name string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func lease(node, hosts string) *coordinationv1.Lease {
	at := metav1.NewMicroTime(time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC))
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: node, Labels: nodereport.Labels(),
			Annotations: nodereport.Report{Hosts: hosts, Version: "v0.1.0"}.Annotations(),
		},
		Spec: coordinationv1.LeaseSpec{RenewTime: &at},
	}
}

func eachItem(list runtime.Object, do func(metav1.Object) error) error {
	return meta.EachListItem(list, func(o runtime.Object) error { return do(o.(metav1.Object)) })
}

func sorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, ", ")
}
