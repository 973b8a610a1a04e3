package stragglers_test

import (
	"maps"
	"testing"

	"k8s.io/client-go/kubernetes/fake"

	"github.com/registry-failover/registry-failover/internal/stragglers"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// reasons tells by namespace why the same pod names a source host.
func reasons(t *testing.T, client *fake.Clientset, namespaces stragglers.Namespaces) map[string]rewrite.Reason {
	t.Helper()
	got := map[string]rewrite.Reason{}
	must(t, stragglers.Pods(t.Context(), client.CoreV1(), rewriter(t), "", namespaces, func(p stragglers.Pod) {
		for _, i := range p.Images {
			got[p.Namespace] = i.Reason
			if changed := i.Image != i.Rewritten; changed != (i.Reason == stragglers.NotRewritten) {
				t.Errorf("%s: %s becomes %s", i.Reason, i.Image, i.Rewritten)
			}
		}
	}))
	return got
}

// inNamespaces has a pod in each namespace, of which some have labels.
func inNamespaces(labels map[string]map[string]string) *fake.Clientset {
	client := fake.NewClientset()
	for name, of := range labels {
		_ = client.Tracker().Add(namespace(name, of))
		_ = client.Tracker().Add(pod(name, "web", []string{source + "/demo/web:1"}))
	}
	return client
}

func TestNamespaces(t *testing.T) {
	const optOut, enforcement = "registry-failover.io/rewrite", "registry-failover.io/enforcement"
	client := inNamespaces(map[string]map[string]string{
		"kube-system":          {enforcement: "Enforce"},
		"registry-failover":    {enforcement: "Audit"},
		"opted-out":            {optOut: "false"},
		"opted-out-and-audit":  {optOut: "false", enforcement: "Audit"},
		"opted-out-and-forced": {optOut: "false", enforcement: "Enforce"},
		"opted-in":             {optOut: "true"},
		"audit":                {enforcement: "Audit"},
		"enforce":              {enforcement: "Enforce"},
		"other":                {enforcement: "audit"},
		"empty":                {enforcement: ""},
		"none":                 nil,
	})
	for configured, unlabelled := range map[config.Enforcement]rewrite.Reason{
		config.Enforce: stragglers.NotRewritten,
		config.Audit:   stragglers.Audited,
	} {
		t.Run(string(configured), func(t *testing.T) {
			known, err := stragglers.ReadNamespaces(t.Context(), client.CoreV1(), "", "registry-failover", configured)
			must(t, err)
			want := map[string]rewrite.Reason{
				"kube-system": stragglers.NamespaceOptedOut, "registry-failover": stragglers.NamespaceOptedOut, "opted-out": stragglers.NamespaceOptedOut,
				"opted-out-and-audit": stragglers.NamespaceOptedOut, "opted-out-and-forced": stragglers.NamespaceOptedOut,
				"audit": stragglers.Audited, "enforce": stragglers.NotRewritten,
				"opted-in": unlabelled, "other": unlabelled, "empty": unlabelled, "none": unlabelled,
			}
			compare(t, want, reasons(t, client, known))
		})
	}
}

func TestOneNamespace(t *testing.T) {
	audit := map[string]string{"registry-failover.io/enforcement": "Audit"}
	client := inNamespaces(map[string]map[string]string{"kube-system": nil, "shop": audit, "trial": audit})
	want := map[string]rewrite.Reason{
		"kube-system": stragglers.NamespaceOptedOut, "shop": stragglers.NotRewritten, "trial": stragglers.NotRewritten,
	}
	for only, reason := range map[string]rewrite.Reason{"shop": stragglers.Audited, "kube-system": stragglers.NamespaceOptedOut} {
		known, err := stragglers.ReadNamespaces(t.Context(), client.CoreV1(), only, "registry-failover", config.Enforce)
		must(t, err)
		want := maps.Clone(want)
		want[only] = reason
		compare(t, want, reasons(t, client, known))
	}
	known, err := stragglers.ReadNamespaces(t.Context(), client.CoreV1(), "none", "registry-failover", config.Enforce)
	if err == nil {
		t.Error("a namespace that doesn't exist was read")
	}
	compare(t, want, reasons(t, client, known))
}
