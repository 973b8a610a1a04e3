package cluster

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	fakediscovery "k8s.io/client-go/discovery/fake"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	ktesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// example is the manual procedure's.
func example(t *testing.T) *config.Config {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "config", "example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// served are the kinds that the API server has, by group and version.
var served = map[string][]metav1.APIResource{
	"v1":                                {resource("configmaps", "ConfigMap")},
	"admissionregistration.k8s.io/v1":   {resource("validatingadmissionpolicies", "ValidatingAdmissionPolicy"), resource("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding")},
	"constraints.gatekeeper.sh/v1beta1": {resource("k8sallowedrepos", "K8sAllowedRepos"), resource("k8sallowedrepos/status", "K8sAllowedRepos")},
	"kyverno.io/v1":                     {resource("clusterpolicies", "ClusterPolicy"), resource("updaterequests", "UpdateRequest")},
	"kyverno.io/v2":                     {resource("clusterpolicies", "ClusterPolicy"), resource("policyexceptions", "PolicyException")},
	"policies.kyverno.io/v1":            {resource("imagevalidatingpolicies", "ImageValidatingPolicy")},
	"policy.sigstore.dev/v1beta1":       {resource("clusterimagepolicies", "ClusterImagePolicy")},
	"kritis.grafeas.io/v1beta1":         {resource("genericattestationpolicies", "GenericAttestationPolicy")},
	"policies.kubewarden.io/v1":         {resource("clusteradmissionpolicies", "ClusterAdmissionPolicy"), {Name: "policyreports", Kind: "PolicyReport"}},
	"example.com/v1":                    {resource("allowedhosts", "AllowedHosts"), resource("others", "Other")},
}

func resource(name, kind string) metav1.APIResource {
	return metav1.APIResource{Name: name, Kind: kind, Verbs: metav1.Verbs{"get", "list"}}
}

// cluster is an API server with these objects, in YAML documents.
func cluster(t *testing.T, objects string) (*fakediscovery.FakeDiscovery, *dynamicfake.FakeDynamicClient) {
	t.Helper()
	kinds := &fakediscovery.FakeDiscovery{Fake: &ktesting.Fake{}}
	lists := map[schema.GroupVersionResource]string{}
	resources := map[string]schema.GroupVersionResource{}
	for _, version := range slices.Sorted(maps.Keys(served)) { // the first of a group is preferred
		list := served[version]
		kinds.Resources = append(kinds.Resources, &metav1.APIResourceList{GroupVersion: version, APIResources: list})
		gv, err := schema.ParseGroupVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if !strings.Contains(r.Name, "/") {
				lists[gv.WithResource(r.Name)] = r.Kind + "List"
				resources[version+" "+r.Kind] = gv.WithResource(r.Name)
			}
		}
	}
	client := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists)
	for text := range strings.SplitSeq(objects, "---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if len(o.Object) == 0 {
			continue
		}
		if err := client.Tracker().Create(resources[o.GetAPIVersion()+" "+o.GetKind()], o, o.GetNamespace()); err != nil {
			t.Fatal(err)
		}
	}
	return kinds, client
}

// findings are told as level, subject and text, one a line.
func findings(found []checks.Finding) string {
	var b strings.Builder
	for _, f := range found {
		if f.Level != checks.OK && f.Remedy == "" {
			b.WriteString("without a remedy: ")
		}
		b.WriteString(string(f.Level) + " " + f.Subject + ": " + f.Text + "\n")
	}
	return b.String()
}

func look(t *testing.T, objects string) string {
	t.Helper()
	kinds, client := cluster(t, objects)
	return findings(imagePolicies(t.Context(), Options{Config: example(t), Kinds: kinds, Objects: client}))
}

func TestImagePolicies(t *testing.T) {
	const (
		refused  = " and not cross-region.registry.io: pods that are rewritten to that are refused, or no longer verified\n"
		harmless = " and not cross-region.registry.io: pods that are rewritten to that are refused, or no longer verified; today it refuses nothing\n"
		both     = "a-registry.cn-hangzhou.cr.aliyuncs.com, a-registry-vpc.cn-hangzhou.cr.aliyuncs.com, b-registry.cn-zhangjiakou.cr.aliyuncs.com, b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"
	)
	for sentence, test := range map[string]struct{ objects, want string }{
		"no policies": {"", "ok : no policies of the kinds that are known are there\n"},
		"an allow-list of Gatekeeper's": {`
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sAllowedRepos
metadata: {name: repos}
spec: {parameters: {repos: [docker.io/, a-registry.cn-hangzhou.cr.aliyuncs.com/prod]}}
`, "failed K8sAllowedRepos/repos: names a-registry.cn-hangzhou.cr.aliyuncs.com" + refused},
		"one that only warns": {`
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sAllowedRepos
metadata: {name: repos}
spec: {enforcementAction: dryrun, parameters: {repos: [b-registry-vpc.]}}
`, "warning K8sAllowedRepos/repos: names b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com" + harmless},
		"one with the shared endpoint beside": {`
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sAllowedRepos
metadata: {name: repos}
spec: {parameters: {repos: [a-registry.cn-hangzhou.cr.aliyuncs.com/prod, cross-region.registry.io/prod]}}
`, "ok : none of 1 policies names a source host without the shared endpoint\n"},
		"a name in metadata and status counts for nothing": {`
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sAllowedRepos
metadata: {name: repos, annotations: {was: a-registry.cn-hangzhou.cr.aliyuncs.com}}
status: {violations: [{message: a-registry.cn-hangzhou.cr.aliyuncs.com/x}]}
spec: {parameters: {repos: [docker.io/]}}
`, "ok : none of 1 policies names a source host without the shared endpoint\n"},
		"Kyverno's, which audit unless they say otherwise": {`
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: audits}
spec: {rules: [{match: {any: [{resources: {kinds: ["*"]}}]}, validate: {pattern: {spec: {containers: [{image: "*.cr.aliyuncs.com/*"}]}}}}]}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: enforces}
spec: {rules: [{verifyImages: [{failureAction: Enforce, imageReferences: ["a-registry.cn-hangzhou.cr.aliyuncs.com/*"]}]}]}
---
apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: except, namespace: shop}
spec: {images: ["a-registry.cn-hangzhou.cr.aliyuncs.com/old"]}
---
apiVersion: kyverno.io/v1
kind: UpdateRequest
metadata: {name: report, namespace: kyverno}
spec: {seen: a-registry.cn-hangzhou.cr.aliyuncs.com/old}
---
apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: {name: verify}
spec: {validationActions: [Audit], matchImageReferences: [{glob: "?-registry.cn-*"}]}
`, "failed ClusterPolicy/enforces: names a-registry.cn-hangzhou.cr.aliyuncs.com" + refused +
			"failed PolicyException/shop/except: names a-registry.cn-hangzhou.cr.aliyuncs.com" + refused +
			"warning ClusterPolicy/audits: names " + both + harmless +
			"warning ImageValidatingPolicy/verify: names a-registry.cn-hangzhou.cr.aliyuncs.com, b-registry.cn-zhangjiakou.cr.aliyuncs.com" + harmless},
		"Sigstore's and Kubewarden's": {`
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: signed}
spec: {images: [{glob: "a-registry**"}]}
---
apiVersion: policies.kubewarden.io/v1
kind: ClusterAdmissionPolicy
metadata: {name: trusted}
spec: {mode: monitor, settings: {registries: {allow: [a-registry.cn-hangzhou.cr.aliyuncs.com]}}}
`, "failed ClusterImagePolicy/signed: names a-registry.cn-hangzhou.cr.aliyuncs.com, a-registry-vpc.cn-hangzhou.cr.aliyuncs.com" + refused +
			"warning ClusterAdmissionPolicy/trusted: names a-registry.cn-hangzhou.cr.aliyuncs.com" + harmless},
		"an admission policy, and the parameters of another": {`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: unbound}
spec: {validations: [{expression: "object.spec.containers.all(c, c.image.startsWith('a-registry.cn-hangzhou.cr.aliyuncs.com/'))"}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: hosts}
spec: {paramKind: {apiVersion: example.com/v1, kind: AllowedHosts}, validations: [{expression: "params.hosts.exists(h, true)"}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: hosts}
spec: {policyName: hosts, validationActions: [Deny], paramRef: {selector: {matchLabels: {use: "yes"}}, parameterNotFoundAction: Deny}}
---
apiVersion: example.com/v1
kind: AllowedHosts
metadata: {name: first, labels: {use: "yes"}}
hosts: [a-registry.cn-hangzhou.cr.aliyuncs.com]
---
apiVersion: example.com/v1
kind: AllowedHosts
metadata: {name: unused}
hosts: [a-registry.cn-hangzhou.cr.aliyuncs.com]
`, "failed AllowedHosts/first: names a-registry.cn-hangzhou.cr.aliyuncs.com" + refused +
			"warning ValidatingAdmissionPolicy/unbound: names a-registry.cn-hangzhou.cr.aliyuncs.com" + harmless},
		"parameters that a binding selects without a condition": {`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: hosts}
spec: {paramKind: {apiVersion: example.com/v1, kind: AllowedHosts}, validations: [{expression: "params.hosts.exists(h, true)"}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: hosts}
spec: {policyName: hosts, validationActions: [Deny], paramRef: {selector: {}, parameterNotFoundAction: Deny}}
---
apiVersion: example.com/v1
kind: AllowedHosts
metadata: {name: first}
hosts: [a-registry.cn-hangzhou.cr.aliyuncs.com]
`, "failed AllowedHosts/first: names a-registry.cn-hangzhou.cr.aliyuncs.com" + refused},
		"the product's own admission policies": {`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: registry-failover-audit, labels: {app.kubernetes.io/part-of: registry-failover}}
spec: {validations: [{expression: "'a-registry.cn-hangzhou.cr.aliyuncs.com' != ''"}]}
`, "ok : no policies of the kinds that are known are there\n"},
		"Connaisseur's configuration, among other ConfigMaps": {`
apiVersion: v1
kind: ConfigMap
metadata: {name: connaisseur-app-config, namespace: connaisseur, labels: {app.kubernetes.io/name: connaisseur}}
data: {config.yaml: "policy:\n- pattern: '*:*'\n- pattern: 'a-registry.cn-hangzhou.cr.aliyuncs.com/prod*:*'\n"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other, namespace: shop}
data: {host: a-registry.cn-hangzhou.cr.aliyuncs.com}
`, "failed ConfigMap/connaisseur/connaisseur-app-config: names a-registry.cn-hangzhou.cr.aliyuncs.com" + refused},
		"Kritis names no host": {`
apiVersion: kritis.grafeas.io/v1beta1
kind: GenericAttestationPolicy
metadata: {name: signed, namespace: shop}
spec: {attestationAuthorityNames: [prod]}
`, "unknown genericattestationpolicies.kritis.grafeas.io: 1 namespaced policies verify signatures without naming a host, and whether they find those of an image at the shared endpoint isn't known\n"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, look(t, test.objects)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMissingRightIsNamed(t *testing.T) {
	kinds, client := cluster(t, "")
	client.PrependReactor("list", "k8sallowedrepos", func(ktesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Group: "constraints.gatekeeper.sh", Resource: "k8sallowedrepos"}, "", nil)
	})
	got := imagePolicies(t.Context(), Options{Config: example(t), Kinds: kinds, Objects: client})
	if len(got) != 1 || got[0].Level != checks.Unknown || got[0].Remedy != "use a kubeconfig that may list k8sallowedrepos.constraints.gatekeeper.sh" {
		t.Errorf("got %+v", got)
	}
}

// TestMissingRightsAreToldTogether: a cluster may have a kind for each of fifty templates.
func TestMissingRightsAreToldTogether(t *testing.T) {
	kinds, client := cluster(t, "")
	client.PrependReactor("list", "*", func(a ktesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(a.GetResource().GroupResource(), "", errors.New("no"))
	})
	got := imagePolicies(t.Context(), Options{Config: example(t), Kinds: kinds, Objects: client})
	if len(got) != 1 || got[0].Level != checks.Unknown || !strings.HasPrefix(got[0].Text, "these may not be listed with this kubeconfig: ") {
		t.Fatalf("got %+v", got)
	}
	for _, what := range []string{"k8sallowedrepos.constraints.gatekeeper.sh", "configmaps", "validatingadmissionpolicybindings.admissionregistration.k8s.io"} {
		if strings.Count(got[0].Text, what) != 1 {
			t.Errorf("%s isn't named once: %s", what, got[0].Text)
		}
	}
}

// TestBindingsThatCannotBeRead: nobody knows then that a policy refuses nothing.
func TestBindingsThatCannotBeRead(t *testing.T) {
	kinds, client := cluster(t, `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: hosts}
spec: {validations: [{expression: "object.spec.containers.all(c, c.image.startsWith('a-registry.cn-hangzhou.cr.aliyuncs.com/'))"}]}
`)
	client.PrependReactor("list", "validatingadmissionpolicybindings", func(ktesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(admissionBindings.GroupResource(), "", nil)
	})
	got := imagePolicies(t.Context(), Options{Config: example(t), Kinds: kinds, Objects: client})
	if len(got) != 2 || got[0].Level != checks.Failed || got[1].Level != checks.Unknown {
		t.Errorf("got %+v", got)
	}
}

func TestAnAPIServerThatTellsNothingIsNotFine(t *testing.T) {
	kinds, client := cluster(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	kinds.PrependReactor("get", "group", func(ktesting.Action) (bool, runtime.Object, error) { return true, nil, ctx.Err() })
	got := imagePolicies(ctx, Options{Config: example(t), Kinds: kinds, Objects: client})
	if len(got) == 0 || checks.Worst([]checks.Result{{Findings: got}}) != checks.Unknown {
		t.Errorf("got %+v", got)
	}
}

func TestManyFindingsAreTold(t *testing.T) {
	found := make([]checks.Finding, told+3)
	for i := range found {
		found[i] = checks.Finding{Level: checks.Warning, Subject: "a", Text: "b", Remedy: "c"}
	}
	found[told+2].Level = checks.Failed
	got := summary(found, 60)
	if len(got) != told+1 || got[0].Level != checks.Failed || got[told].Text != "there are 3 more" {
		t.Errorf("%d findings, the first %+v, the last %+v", len(got), got[0], got[len(got)-1])
	}
}
