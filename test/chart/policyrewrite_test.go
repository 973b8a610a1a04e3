package chart

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"
	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// newerEnvironment is that of Kubernetes 1.36, as far as the policies of pods use it.
var newerEnvironment = sync.OnceValues(func() (*cel.Env, error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	find := func(text, expression ref.Val) []string {
		return regexp.MustCompile(string(expression.(types.String))).FindAllString(string(text.(types.String)), -1)
	}
	return env.Extend(ext.TwoVarComprehensions(), ext.Lists(ext.ListsVersion(3)),
		// As in k8s.io/apiserver/pkg/cel/library.
		cel.Function("find", cel.MemberOverload("string_find_string", []*cel.Type{cel.StringType, cel.StringType}, cel.StringType,
			cel.BinaryBinding(func(text, expression ref.Val) ref.Val {
				return types.String(strings.Join(append(find(text, expression), "")[:1], ""))
			}))),
		cel.Function("findAll", cel.MemberOverload("string_findAll_string", []*cel.Type{cel.StringType, cel.StringType}, cel.ListType(cel.StringType),
			cel.BinaryBinding(func(text, expression ref.Val) ref.Val {
				return types.NewStringList(types.DefaultTypeAdapter, find(text, expression))
			}))),
	)
})

// A rewriting is what a policy's variables make of a pod.
type rewriting struct {
	names    []string
	programs []cel.Program
}

func newRewriting(t testing.TB, variables []admissionregistrationv1.Variable) rewriting {
	t.Helper()
	env, err := newerEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	var r rewriting
	for _, v := range variables {
		// Each is a name of its own, with the type that those after it see.
		program, typ := compileIn(t, env, v.Expression)
		r.names = append(r.names, "variables."+v.Name)
		r.programs = append(r.programs, program)
		if env, err = env.Extend(cel.Variable("variables."+v.Name, typ)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// policyOf are the variables of the policy that a configuration makes, and the webhook's rewriter.
func policyOf(t testing.TB, configuration string) (rewriting, *rewrite.Rewriter) {
	t.Helper()
	parsed, err := config.Parse([]byte(configuration))
	if err != nil {
		t.Fatal(err)
	}
	rewriter, err := parsed.Rewriter()
	if err != nil {
		t.Fatal(err)
	}
	all := render(t, "--values="+values(t, configuration), "--set=admission.mechanism=Policy")
	policy := get[admissionregistrationv1.MutatingAdmissionPolicy](t, all, "MutatingAdmissionPolicy", "registry-failover-pods").Spec
	audit := get[admissionregistrationv1.ValidatingAdmissionPolicy](t, all, "ValidatingAdmissionPolicy", "registry-failover-audit").Spec
	if diff := cmp.Diff(policy.Variables, audit.Variables); diff != "" {
		t.Errorf("an audit computes something else: %s", diff)
	}
	return newRewriting(t, policy.Variables), rewriter
}

// of lists what changes as "field image", sorted, and the text of the annotation.
func (r rewriting) of(t testing.TB, attributes request) (changed []string, originals string) {
	t.Helper()
	if attributes.attributes == nil {
		attributes.attributes = map[string]any{"operation": "CREATE"}
	}
	activation := attributes.activation()
	for i, program := range r.programs {
		value, _, err := program.Eval(activation)
		if err != nil {
			t.Fatalf("%s: %v", r.names[i], err)
		}
		activation[r.names[i]] = value
	}
	images, err := activation["variables.changed"].(ref.Val).ConvertToNative(reflect.TypeFor[[]map[string]string]())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range images.([]map[string]string) {
		changed = append(changed, f["field"]+" "+f["endpoint"]+f["rest"])
	}
	slices.Sort(changed)
	return changed, string(activation["variables.originals"].(types.String))
}

// byWebhook is the same by what the webhook uses.
func byWebhook(t testing.TB, rewriter *rewrite.Rewriter, object map[string]any) (changed []string) {
	t.Helper()
	var pod podimages.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object, &pod); err != nil {
		t.Fatal(err)
	}
	for _, f := range podimages.Evaluate(rewriter, &pod) {
		if f.Result.Changed() {
			changed = append(changed, f.Field.Path()+" "+f.Result.Image)
		}
	}
	slices.Sort(changed)
	return changed
}

const sources = "extraSources: [mirror.example.com:5000]"

func TestThePolicyChangesWhatTheWebhookDoes(t *testing.T) {
	text := strings.ReplaceAll(read(t, repository+"/testdata/config/full.yaml"), sources, `extraSources: [mirror.example.com:5000, Old, localhost, "localhost:5000", "[::1]:5000"]`)
	text = regexp.MustCompile(`(?m)^pullSecrets: .*$`).ReplaceAllString(text, "pullSecrets: {mode: Off}") // which a policy can't attach
	policy, rewriter := policyOf(t, text)
	const host, digest = "c-registry.cn-beijing.cr.aliyuncs.com/", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	changes := 0
	for _, image := range slices.Concat(images, []string{
		host + "a", host + "a/b-c/d__e/f.g/h---i", host + "a_b", host + "a___b", host + "a..b", host + "-a", host + "a-", host + "A", host + "a//b", host + "a/", host + "é",
		host + "a:", host + "a:1", host + "a:-", host + "a:" + strings.Repeat("x", 128), host + "a:" + strings.Repeat("x", 129), host + "a:1:2", host + "a:1\n", host + "a 1",
		host + "a@sha256:" + digest, host + "a:_@sha256:" + digest, host + "a@sha256:" + strings.ToUpper(digest), host + "a@sha256:" + digest[1:], host + "a@sha256:" + digest + digest,
		host + "a@sha512:" + digest + digest, host + "a@sha384:" + digest + digest[:32], host + "a@md5:" + digest, host + "a@SHA256:" + digest, host + "a@sha256:" + digest + ":1",
		host + strings.Repeat("a", 255), host + strings.Repeat("a", 256) + ":1", host + strings.Repeat("a/", 127) + "a", host + strings.Repeat("a/", 128) + "a",
		strings.ToUpper(host) + "a", "C-registry.cn-beijing.cr.aliyuncs.com./a", host, "/" + host + "a",
	}) {
		for field, pod := range podsWith(image) {
			got, _ := policy.of(t, request{object: pod})
			want := byWebhook(t, rewriter, pod)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %q: webhook (-) and policy (+) differ:\n%s", field, image, diff)
			}
			changes += len(want)
		}
	}
	if changes < 50 {
		t.Errorf("only %d images change", changes)
	}
}

// TestThePolicyKnowsThePatterns gives each pattern an endpoint that includes it and one that excludes it.
func TestThePolicyKnowsThePatterns(t *testing.T) {
	patterns := []string{
		"**", "*", "*/*", "team/*", "team/**", "team/*/**", "t?am/web", "[a-t]eam/**", "[^a-s]eam/*", `[\^-\]a-z]eam/web`, `team/we[\-b]`, `team/we[\--b]`, "team/we[z-a]", "team/we[^z-a]",
		"team[^a]web", "team[^a]web/**", "team[+-9]web/**", "a[/]b/**", "team.x/web", `team-x/[[.\-]`, "[[:alpha:]", "team/[a-cw][d-f]b", `t\eam/\*`, `team/web-[0-9][0-9]`, "*.x/*", "a/**", "team/web",
		strings.Repeat("a/", 1001) + "**", "*a*b*", "t*m/w*b", "{team}/(web|x)", "team/we[é-ü]", "$/^",
	}
	const text = `- name: %s%d.registry.io
  primary: a
  instances:
  - {name: a, id: cri-a, region: cn-a, publicEndpoint: %[1]s%[2]d-a.example.com, internalEndpoint: %[1]s%[2]d-b.example.com, network: public}
  - {name: b, id: cri-b, region: cn-b, publicEndpoint: %[1]s%[2]d-c.example.com, internalEndpoint: %[1]s%[2]d-d.example.com, network: public}
  rewrite: {repositories: {%s: [%s]}}
`
	configuration := "apiVersion: registry-failover.io/v1alpha1\nkind: Config\nendpoints:\n"
	for i, pattern := range patterns {
		quoted := "'" + pattern + "'"
		configuration += fmt.Sprintf(text, "in", i, "include", quoted+", never/*") + fmt.Sprintf(text, "ex", i, "exclude", quoted)
	}
	policy, rewriter := policyOf(t, configuration)
	chosen := 0
	for i, pattern := range patterns {
		for _, repository := range []string{
			"web", "team/web", "team/a/b", "team/a/b/c", "teamxweb", "team/web/x", "team-web/x", "team.x/web", "teamyx/web", "never/x", "beam/web", "team/we-b", "team/webb", "a/b", "a/b/c", "a/b/c/d",
			"team-x/a", "team-x/0", "team/adb", "team/web-10", "team/web-1", "axb", "a", "t/e/a/m",
		} {
			for _, kind := range []string{"in", "ex"} {
				image := fmt.Sprintf("%s%d-b.example.com/%s:1", kind, i, repository)
				pod := podsWith(image)["containers"]
				got, _ := policy.of(t, request{object: pod})
				want := byWebhook(t, rewriter, pod)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s %q: %s: webhook (-) and policy (+) differ:\n%s", kind, pattern, image, diff)
				}
				chosen += len(want)
			}
		}
	}
	if chosen < 500 {
		t.Errorf("only %d images are chosen", chosen)
	}
}

// TestThePolicyRecordsTheOriginals has the pods of internal/admission's golden files.
func TestThePolicyRecordsTheOriginals(t *testing.T) {
	policy, _ := policyOf(t, read(t, repository+"/testdata/config/example.yaml"))
	for _, name := range []string{"create", "create-second-pass"} {
		var review struct {
			Request struct {
				Object map[string]any `json:"object"`
			} `json:"request"`
		}
		var stored struct {
			Metadata struct {
				Annotations map[string]string `json:"annotations"`
			} `json:"metadata"`
		}
		for file, into := range map[string]any{"review": &review, "pod": &stored} {
			if err := json.Unmarshal([]byte(read(t, repository+"/testdata/admission/"+name+"."+file+".json")), into); err != nil {
				t.Fatal(err)
			}
		}
		_, got := policy.of(t, request{object: review.Request.Object})
		if diff := cmp.Diff(stored.Metadata.Annotations["registry-failover.io/original-images"], got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
