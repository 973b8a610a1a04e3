package pullsecrets

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/podimages"
	core "github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	shared = "cross-region.registry.io"
	// The hosts of the two instances, as testdata/config/example.yaml has them.
	publicA   = "a-registry.cn-hangzhou.cr.aliyuncs.com"
	internalB = "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"
	extra     = "old.example.com:5000"
	product   = "registry-failover"
)

// example is the example's configuration with an extra source, and with these pull secrets.
func example(t *testing.T, p config.PullSecrets) *config.Config {
	t.Helper()
	text, err := os.ReadFile("../../../testdata/config/example.yaml")
	must(t, err)
	c, err := config.Parse(text)
	must(t, err)
	c.Endpoints[0].Rewrite.ExtraSources = []string{extra}
	c.PullSecrets = p
	if p.Mode == "" {
		c.PullSecrets.Mode = config.PullSecretsOff
	}
	return c
}

// pod is one in shop with an image for each host; edits change it.
func pod(name string, listed []string, image string, edits ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: image}}},
	}
	for _, l := range listed {
		p.Spec.ImagePullSecrets = append(p.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: l})
	}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

func in(namespace string) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Namespace = namespace } }

func as(account string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.ServiceAccountName = account }
}

// wasRewritten records what the webhook has rewritten.
func wasRewritten(p *corev1.Pod) {
	p.Annotations = map[string]string{podimages.OriginalsAnnotation: fmt.Sprintf(`{"spec.containers[0].image":%q}`, internalB+"/demo/web:1")}
}

// secret is one in shop with the entries HOST or HOST/PATH, each of the user NAME:USER where it
// is temporary or of the user puller.
func pullSecret(name string, registries ...string) *corev1.Secret {
	return passwordSecret(name, "puller", name, registries...)
}

func passwordSecret(name, username, password string, registries ...string) *corev1.Secret {
	entries := make([]string, len(registries))
	for i, r := range registries {
		entries[i] = fmt.Sprintf(`%q:{"username":%q,"password":%q}`, r, username, password)
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Type: core.TypeDockerConfigJSON,
		Data: map[string][]byte{core.KeyDockerConfigJSON: []byte(`{"auths":{` + strings.Join(entries, ",") + `}}`)},
	}
}

func inNamespace(s *corev1.Secret, namespace string) *corev1.Secret {
	s.Namespace = namespace
	return s
}

// run makes the checks against an API server with these objects.
func run(t *testing.T, c *config.Config, objects ...runtime.Object) []checks.Result {
	t.Helper()
	return checks.Run(t.Context(), All(Options{Config: c, Namespace: product, Core: fake.NewClientset(objects...).CoreV1()}))
}

// text is LEVEL SUBJECT: TEXT for each finding, with the remedy below it.
func text(r checks.Result) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s %s: %s\n", f.Level, f.Subject, f.Text)
		if f.Remedy != "" {
			fmt.Fprintf(&b, "  %s\n", f.Remedy)
		}
	}
	return b.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
