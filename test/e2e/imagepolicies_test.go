package e2e

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/checks/cluster"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// policies are of a kind that an operator has made, as Gatekeeper makes one of each template, and of the API
// server's own, with parameters in a ConfigMap.
const policies = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: k8sallowedrepos.constraints.gatekeeper.sh}
spec:
  group: constraints.gatekeeper.sh
  scope: Cluster
  names: {plural: k8sallowedrepos, singular: k8sallowedrepos, kind: K8sAllowedRepos, listKind: K8sAllowedReposList}
  versions:
  - name: v1beta1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: allowed-hosts}
spec:
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints: {resourceRules: [{apiGroups: [example.com], apiVersions: [v1], operations: [CREATE], resources: [nothings]}]}
  validations: [{expression: "params.data.hosts != ''"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: allowed-hosts}
spec: {policyName: allowed-hosts, validationActions: [Deny], paramRef: {name: allowed-hosts, parameterNotFoundAction: Allow}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: allowed-hosts, namespace: default}
data: {hosts: "docker.io b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"}
`

const constraint = `apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sAllowedRepos
metadata: {name: repos}
spec: {parameters: {repos: [a-registry.]}}
`

// TestImagePolicies looks at a real API server with all rights, and with those that
// everybody has.
func TestImagePolicies(t *testing.T) {
	s := newScenario(t, 4)
	if output, err := node.Apply(t.Context(), policies); err != nil {
		t.Fatal(err, output)
	}
	await(t, "the constraint's kind is there", 30*time.Second, func(ctx context.Context) error {
		_, err := node.Apply(ctx, constraint)
		return err
	})
	const refused = " and not cross-region.registry.io: pods that are rewritten to that are refused, or no longer verified"
	want := []string{
		"unknown OWN-IMAGES : no pods of the product are in the namespace " + namespace,
		"failed IMAGE-POLICIES ConfigMap/default/allowed-hosts: names b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com" + refused,
		"failed IMAGE-POLICIES K8sAllowedRepos/repos: names a-registry.cn-hangzhou.cr.aliyuncs.com" + refused,
		"warning SERIAL-PULLS : one image is pulled after the other, so that one pull that hangs at a switch holds up all pods of the node, on the node " + node.Nodes[0].Name,
	}
	if diff := cmp.Diff(want, lookAtCluster(t, node.Config)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}

	nobody := rest.CopyConfig(node.Config)
	nobody.Impersonate = rest.ImpersonationConfig{UserName: "nobody", Groups: []string{"system:authenticated"}}
	got := lookAtCluster(t, nobody)
	for _, what := range []string{
		"pods in the namespace " + namespace, "k8sallowedrepos.constraints.gatekeeper.sh", "configmaps",
		"validatingadmissionpolicies.admissionregistration.k8s.io", "validatingadmissionpolicybindings.admissionregistration.k8s.io",
	} {
		if !slices.ContainsFunc(got, func(f string) bool {
			return strings.HasPrefix(f, "unknown ") && strings.Contains(f, what)
		}) {
			t.Errorf("nothing says that %s can't be listed: %q", what, got)
		}
	}

	kubectl(t, "delete", "crd/k8sallowedrepos.constraints.gatekeeper.sh", "validatingadmissionpolicy/allowed-hosts", "validatingadmissionpolicybinding/allowed-hosts")
	kubectl(t, "-n", "default", "delete", "configmap/allowed-hosts")
	s.awaitNothingLeft(t)
}

// lookAtCluster makes the checks and tells the findings, one a line.
func lookAtCluster(t *testing.T, c *rest.Config) []string {
	t.Helper()
	cfg, err := config.Parse(exampleConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := discovery.NewDiscoveryClientForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := dynamic.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range checks.Run(t.Context(), cluster.All(cluster.Options{
		Config: cfg, Namespace: namespace, Core: client.CoreV1(), Kinds: kinds, Objects: objects,
	})) {
		for _, f := range r.Findings {
			lines = append(lines, strings.Join([]string{string(f.Level), string(r.Code), f.Subject}, " ")+": "+f.Text)
		}
	}
	return lines
}

func exampleConfig(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(node.Root, "testdata", "config", "example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
