package chart

import (
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

func matchCondition(t testing.TB) (cel.Program, *rewrite.Rewriter) {
	t.Helper()
	text := strings.ReplaceAll(read(t, repository+"/testdata/config/full.yaml"),
		"extraSources: [mirror.example.com:5000]", `extraSources: [mirror.example.com:5000, Old, localhost, "localhost:5000", "[::1]:5000"]`)
	c, err := config.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	rewriter, err := c.Rewriter()
	if err != nil {
		t.Fatal(err)
	}
	all := render(t, "--values="+values(t, text))
	hooks := get[admissionregistrationv1.MutatingWebhookConfiguration](t, all, "MutatingWebhookConfiguration", "registry-failover").Webhooks
	for _, hook := range hooks {
		if len(hook.MatchConditions) != 1 || hook.MatchConditions[0] != hooks[0].MatchConditions[0] {
			t.Fatalf("%s has the conditions %v", hook.Name, hook.MatchConditions)
		}
	}
	return compile(t, hooks[0].MatchConditions[0].Expression), rewriter
}

// podsWith are pods that name the image in one field each.
func podsWith(image string) map[string]map[string]any {
	pod := func(key string, items ...any) map[string]any {
		return map[string]any{"metadata": map[string]any{}, "spec": map[string]any{key: items}}
	}
	other := map[string]any{"name": "other", "image": "nginx"}
	return map[string]map[string]any{
		"containers":          pod("containers", other, map[string]any{"image": image}),
		"initContainers":      pod("initContainers", map[string]any{"image": image}, map[string]any{"name": "without"}),
		"ephemeralContainers": pod("ephemeralContainers", map[string]any{"image": image}),
		"volumes": pod("volumes", map[string]any{"name": "x", "emptyDir": map[string]any{}}, map[string]any{"image": map[string]any{"pullPolicy": "Always"}},
			map[string]any{"image": map[string]any{"reference": image}}),
	}
}

var images = []string{
	"", " ", "/", "nginx", "library/nginx:latest", "quay.io/org/tool:2", "localhost/team/x", "LOCALHOST/team/x", "localhost:5000/team/x", "old/team/x", "Old/team/x", "OLD/team/x", "[::1]:5000/team/a", "[::1]:5001/team/a",
	"a-registry.cn-hangzhou.cr.aliyuncs.com", "a-registry.cn-hangzhou.cr.aliyuncs.com/", "a-registry.cn-hangzhou.cr.aliyuncs.com/team/web", "a-registry.cn-hangzhou.cr.aliyuncs.com/local/web:1",
	"A-Registry.cn-hangzhou.cr.aliyuncs.COM/team/web:1", "a-registry.cn-hangzhou.cr.aliyuncs.com:443/team/web", "xa-registry.cn-hangzhou.cr.aliyuncs.com/team/web",
	"a-registry.cn-hangzhou.cr.aliyuncs.com.example/team/web", "a-registryxcn-hangzhou.cr.aliyuncs.com/team/web", "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com/team/a/b@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"c-registry.cn-beijing.cr.aliyuncs.com/x", "mirror.example.com:5000/team/x", "mirror.example.com/team/x", "cross-region.registry.io/team/web", "a/c-registry.cn-beijing.cr.aliyuncs.com/x",
	"c-registry.cn-beijing.cr.aliyuncs.com//x", "c-registry.cn-beijing.cr.aliyuncs.com\n/x", "\u212a/x", "é.example/x",
}

// TestTheWebhookIsAskedForEveryImageItWouldChange holds that the condition is
// never narrower than the rewriting, and leaves others alone.
func TestTheWebhookIsAskedForEveryImageItWouldChange(t *testing.T) {
	condition, rewriter := matchCondition(t)
	changed := 0
	for _, image := range images {
		result := rewriter.Rewrite(image)
		if result.Changed() {
			changed++
		}
		for field, pod := range podsWith(image) {
			matched := evaluate[bool](t, condition, request{object: pod}.activation())
			if result.Changed() && !matched {
				t.Errorf("%s: %q would be changed, and the webhook isn't asked", field, image)
			}
			if matched && (result.Reason == rewrite.OtherHost || result.Reason == rewrite.AlreadyShared) {
				t.Errorf("%s: %q has no source host, and the webhook is asked", field, image)
			}
		}
	}
	if changed < 10 {
		t.Errorf("only %d images change", changed)
	}
	if evaluate[bool](t, condition, request{object: map[string]any{"spec": map[string]any{}}}.activation()) {
		t.Error("a pod without images needs no webhook")
	}
}

func FuzzTheWebhookIsAskedForEveryImageItWouldChange(f *testing.F) {
	for _, image := range images {
		f.Add(image)
	}
	condition, rewriter := matchCondition(f)
	f.Fuzz(func(t *testing.T, image string) {
		if !rewriter.Rewrite(image).Changed() {
			return
		}
		for field, pod := range podsWith(image) {
			if !evaluate[bool](t, condition, request{object: pod}.activation()) {
				t.Errorf("%s: %q would be changed, and the webhook isn't asked", field, image)
			}
		}
	})
}
