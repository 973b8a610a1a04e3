package cli_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/cli"
)

// pullAPI is a cluster with the product, without policies. In shop two pods have a Secret
// for each instance's own host, and a third for the standby's none. In bank Secrets may
// not be read, and in legacy pods list none.
func pullAPI(t *testing.T) api {
	t.Helper()
	text, err := os.ReadFile(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	pod := func(namespace, name, image string, listed ...string) corev1.Pod {
		p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: image}}}}
		for _, l := range listed {
			p.Spec.ImagePullSecrets = append(p.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: l})
		}
		return p
	}
	secret := func(host string) corev1.Secret {
		return corev1.Secret{Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{
			corev1.DockerConfigJsonKey: fmt.Appendf(nil, `{"auths":{%q:{"username":"puller","password":"Nobody-may-see-this"}}}`, host),
		}}
	}
	worker := pod("shop", "worker", source+"/demo/worker:1", "pull-b")
	worker.Spec.ServiceAccountName = "worker"
	own := pod("registry-failover", "registry-failover-webhook-1", "registry.example.com/platform/webhook:1")
	own.Labels = map[string]string{"app.kubernetes.io/part-of": "registry-failover"}
	none := map[string]any{"kind": "List", "apiVersion": "v1", "items": []any{}}
	return api{
		configPath:     corev1.ConfigMap{Data: map[string]string{"config.yaml": string(text)}},
		namespacesPath: corev1.NamespaceList{},
		podsPath: corev1.PodList{Items: []corev1.Pod{
			pod("shop", "web-1", source+"/demo/web:1", "pull-a", "pull-b"), pod("shop", "web-2", source+"/demo/web:2", "pull-a", "pull-b"), worker,
			pod("bank", "ledger", source+"/demo/ledger:1", "pull"), pod("legacy", "old", source+"/demo/old:1"), pod("shop", "other", "nginx"),
		}},
		"/api/v1/namespaces/registry-failover/pods": corev1.PodList{Items: []corev1.Pod{own}},
		nodesPath:                                corev1.NodeList{Items: []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "node-a"}}}},
		"/api/v1/nodes/node-a/proxy/configz":     map[string]any{"kubeletconfig": map[string]any{"serializeImagePulls": true}},
		"/api/v1/namespaces/shop/secrets/pull-a": secret("a-registry-vpc.cn-hangzhou.cr.aliyuncs.com"),
		"/api/v1/namespaces/shop/secrets/pull-b": secret(source),
		"/api":                                   metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}},
		"/apis":                                  metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}},
		"/api/v1/configmaps":                     none,
		"/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies":       none,
		"/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings": none,
	}
}

// TestGoldenFilesOfCheckInACluster has no flag but those for the API server: the
// configuration is the cluster's.
func TestGoldenFilesOfCheckInACluster(t *testing.T) {
	server := httptest.NewServer(pullAPI(t))
	defer server.Close()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for file, args := range map[string][]string{"check-cluster.golden": nil, "check-cluster.json": {"-o", "json"}} {
		t.Run(file, func(t *testing.T) {
			var out, err bytes.Buffer
			code := cli.Run(t.Context(), append([]string{"check", "--server", server.URL}, args...), nil, &out, &err)
			if code != 1 || err.String() != "failed: PULL-SECRETS\n" {
				t.Errorf("exit code %d: %s", code, err.String())
			}
			if strings.Contains(out.String(), "Nobody") {
				t.Error("a password is told")
			}
			compareGolden(t, filepath.Join("testdata", file), out.String())
		})
	}
}

// TestTheNamespaceOfTheContextIsLookedAt has a caller who may look into one namespace only.
func TestTheNamespaceOfTheContextIsLookedAt(t *testing.T) {
	a := pullAPI(t)
	a["/api/v1/namespaces/shop/pods"] = corev1.PodList{Items: a[podsPath].(corev1.PodList).Items[:2]}
	delete(a, podsPath)
	delete(a, namespacesPath)
	server := httptest.NewServer(a)
	defer server.Close()
	kubeconfig := filepath.Join(t.TempDir(), "config")
	const text = `{apiVersion: v1, kind: Config, current-context: other, clusters: [{name: c, cluster: {server: %q}}],
contexts: [{name: other, context: {cluster: c}}, {name: mine, context: {cluster: c, namespace: shop}}]}`
	if err := os.WriteFile(kubeconfig, fmt.Appendf(nil, text, server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, err bytes.Buffer
	code := cli.Run(t.Context(), []string{"check", "--kubeconfig", kubeconfig, "--context", "mine"}, nil, &out, &err)
	if code != 1 || !strings.Contains(out.String(), "shop/default: no credential") || !strings.Contains(out.String(), "looked at were only the pods of shop:") {
		t.Errorf("exit code %d: %s%s", code, out.String(), err.String())
	}
}
