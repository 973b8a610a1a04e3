package inputs

import (
	"path/filepath"
	"strings"
	"testing"
)

const testKubeconfig = `apiVersion: v1
kind: Config
current-context: demo
clusters: [{name: demo, cluster: {server: "https://192.0.2.1:6443"}}]
users: [{name: demo, user: {token: secret}}]
contexts: [{name: demo, context: {cluster: demo, user: demoNAMESPACE}}]
`

func TestKubeconfigIsUsedOutsideOfACluster(t *testing.T) {
	tests := map[string]struct{ kubeconfig, host, namespace, problem string }{
		"the context's namespace wins": {
			kubeconfig: strings.ReplaceAll(testKubeconfig, "NAMESPACE", ", namespace: mirror"),
			host:       "https://192.0.2.1:6443", namespace: "mirror",
		},
		"without one it is the product's name": {
			kubeconfig: strings.ReplaceAll(testKubeconfig, "NAMESPACE", ""),
			host:       "https://192.0.2.1:6443", namespace: "registry-failover",
		},
		"without a kubeconfig there is no API server": {
			namespace: "registry-failover", problem: "KUBECONFIG leads to no API server",
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			t.Setenv("KUBERNETES_SERVICE_HOST", "")
			path := filepath.Join(t.TempDir(), "kubeconfig")
			t.Setenv("KUBECONFIG", path)
			if test.kubeconfig != "" {
				write(t, path, test.kubeconfig)
			}
			config, err := RESTConfig()
			switch {
			case test.problem != "":
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("error %v, want %q", err, test.problem)
				}
			case err != nil:
				t.Error(err)
			case config.Host != test.host:
				t.Errorf("host %q, want %q", config.Host, test.host)
			}
			if got := Namespace(); got != test.namespace {
				t.Errorf("namespace %q, want %q", got, test.namespace)
			}
		})
	}
}
