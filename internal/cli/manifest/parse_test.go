package manifest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/cli/manifest"
)

// images are what was found in short: object, path of the field, image.
func images(m *manifest.Manifest) []string {
	var found []string
	for _, p := range m.Pods {
		for _, f := range p.Spec.Fields() {
			found = append(found, p.Object+" "+p.FieldPath(f)+" "+f.Image)
		}
	}
	return found
}

// The pod that most tests are about, as YAML in flow style, which any place can hold.
const spec = `{containers: [{name: c, image: a}]}`

func TestWhatIsFound(t *testing.T) {
	const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: " + spec + "}}\n"
	tests := map[string]struct {
		text string
		want []string
	}{
		"an empty file holds nothing":         {"", nil},
		"comments alone hold nothing":         {"# a\n---\n# b\n---\n\n", nil},
		"an explicit null holds nothing":      {"null\n---\n~\n", nil},
		"a pod":                               {"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: " + spec, []string{"Pod/p spec.containers[0].image a"}},
		"the namespace is part of the object": {"apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: " + spec, []string{"Pod/shop/p spec.containers[0].image a"}},
		"a generated name ends with a star":   {"apiVersion: v1\nkind: Pod\nmetadata: {generateName: p-}\nspec: " + spec, []string{"Pod/p-* spec.containers[0].image a"}},
		"an object without a name":            {"apiVersion: v1\nkind: Pod\nspec: " + spec, []string{"Pod spec.containers[0].image a"}},
		"a document without a kind":           {"spec: " + spec, []string{" spec.containers[0].image a"}},
		"a deployment's template":             {deployment, []string{"Deployment/web spec.template.spec.containers[0].image a"}},
		"a cron job's template": {
			"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [], initContainers: [{image: i}]}}}}}",
			[]string{"CronJob/j spec.jobTemplate.spec.template.spec.initContainers[0].image i"},
		},
		"a PodTemplate, which has no spec of its own": {
			"apiVersion: v1\nkind: PodTemplate\nmetadata: {name: t}\ntemplate: {spec: " + spec + "}",
			[]string{"PodTemplate/t template.spec.containers[0].image a"},
		},
		"a custom resource with several templates, in the order of the keys": {
			"apiVersion: x.io/v1\nkind: Cluster\nmetadata: {name: c}\nspec: {workers: [{template: {spec: " + spec + "}}], head: {template: {spec: " + spec + "}}}",
			[]string{"Cluster/c spec.head.template.spec.containers[0].image a", "Cluster/c spec.workers[0].template.spec.containers[0].image a"},
		},
		"a key that needs quotes": {
			"apiVersion: x.io/v1\nkind: X\nmetadata: {name: x}\nspec: {a.b/c: {spec: " + spec + "}}",
			[]string{`X/x spec["a.b/c"].spec.containers[0].image a`},
		},
		"a pod that holds a pod": {
			"apiVersion: x.io/v1\nkind: X\nmetadata: {name: x}\nspec: {containers: [{image: outer}], template: {spec: " + spec + "}}",
			[]string{"X/x spec.containers[0].image outer", "X/x spec.template.spec.containers[0].image a"},
		},
		"an item of a list is its own object": {
			"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: []}}\n- {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: " + spec + "}",
			[]string{"Pod/p items[1].spec.containers[0].image a"},
		},
		"an item of a typed list has its kind from the list": {
			"apiVersion: v1\nkind: PodList\nitems:\n- {metadata: {name: p, namespace: shop}, spec: " + spec + "}",
			[]string{"Pod/shop/p items[0].spec.containers[0].image a"},
		},
		"an object within an object is its own object": {
			"apiVersion: x.io/v1\nkind: Work\nmetadata: {name: w}\nspec: {manifests: [{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: " + spec + "}]}",
			[]string{"Pod/p spec.manifests[0].spec.containers[0].image a"},
		},
		"all kinds of fields": {
			"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {ephemeralContainers: [{image: e}], containers: [{image: c}], initContainers: [{image: i}], volumes: [{emptyDir: {}}, {image: {reference: v}}]}",
			[]string{
				"Pod/p spec.volumes[1].image.reference v", "Pod/p spec.initContainers[0].image i",
				"Pod/p spec.containers[0].image c", "Pod/p spec.ephemeralContainers[0].image e",
			},
		},
		"null where a list may be":                   {"apiVersion: v1\nkind: Pod\nmetadata:\nspec: {containers: [{image: a}], initContainers: , volumes: }", []string{"Pod spec.containers[0].image a"}},
		"text in a ConfigMap is no pod":              {"apiVersion: v1\nkind: ConfigMap\ndata:\n  pod: |\n    spec:\n      containers: [{image: a}]\n", nil},
		"a schema is no pod":                         {"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {versions: [{schema: {openAPIV3Schema: {properties: {spec: {properties: {containers: {type: array, items: {properties: {image: {type: string}}}}}, required: [containers]}}}}}]}", nil},
		"a list of container names is no pod":        {"apiVersion: x.io/v1\nkind: X\nspec: {containers: [web, sidecar]}", nil},
		"names compare with case":                    {"apiVersion: v1\nkind: Pod\nspec: {Containers: [{image: a}]}", nil},
		"several documents":                          {deployment + "---\n" + deployment, []string{"Deployment/web spec.template.spec.containers[0].image a", "Deployment/web spec.template.spec.containers[0].image a"}},
		"markers with comments, and CRLF":            {"# head\r\n--- # one\r\nspec: " + spec + "\r\n---\t\r\n---\r\nspec: " + spec + "\r\n", []string{" spec.containers[0].image a", " spec.containers[0].image a"}},
		"content on the line of the marker":          {"--- {spec: " + spec + "}\n---\n", []string{" spec.containers[0].image a"}},
		"directives and ends of documents":           {"%YAML 1.1\n---\nspec: " + spec + "\n...\n# between\nspec: " + spec + "\n...\n", []string{" spec.containers[0].image a", " spec.containers[0].image a"}},
		"dashes within a line or scalar are text":    {"a: --- b\nb: |\n  ---\n  x\n---x: y\nspec: " + spec, []string{" spec.containers[0].image a"}},
		"a byte order mark":                          {"\ufeffspec: " + spec, []string{" spec.containers[0].image a"}},
		"anchors, aliases and merges":                {"x: &c {containers: [{image: a}]}\nspec: *c\nz: {spec: {<<: *c}}", []string{" spec.containers[0].image a", " z.spec.containers[0].image a"}},
		"JSON with tabs and surrogate pairs":         {"{\n\t\"spec\": {\n\t\t\"containers\": [{\"image\": \"\\ud83d\\ude00\"}]}}", []string{" spec.containers[0].image \U0001F600"}},
		"several JSON documents":                     {`{"spec": {"containers": [{"image": "a"}]}}` + "\n" + `{"spec": {"containers": [{"image": "b"}]}}`, []string{" spec.containers[0].image a", " spec.containers[0].image b"}},
		"YAML beside JSON":                           {`{"spec": {"containers": [{"image": "a"}]}}` + "\n---\nspec: {containers: [{image: b}]}", []string{" spec.containers[0].image a", " spec.containers[0].image b"}},
		"of a key that stands twice the last counts": {"spec: {containers: [{image: a}]}\nspec: {containers: [{image: b}]}", []string{" spec.containers[0].image b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, err := manifest.Parse([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, images(m)); diff != "" {
				t.Error(diff)
			}
			if m.Skipped != nil {
				t.Errorf("skipped: %v", m.Skipped)
			}
		})
	}
}

func TestTheMetadataOfATemplateIsItsOwn(t *testing.T) {
	m, err := manifest.Parse([]byte("kind: Deployment\napiVersion: apps/v1\nmetadata: {labels: {a: outer}}\nspec:\n  template:\n    metadata: {labels: {a: inner}, annotations: {b: c}}\n    spec: {containers: [{image: a, name: c, imagePullPolicy: Never}], volumes: [{name: v, image: {reference: r, pullPolicy: Always}}]}"))
	if err != nil || len(m.Pods) != 1 {
		t.Fatalf("%v, %+v", err, m)
	}
	pod := m.Pods[0]
	if pod.Metadata.Labels["a"] != "inner" || pod.Metadata.Annotations["b"] != "c" {
		t.Errorf("metadata: %+v", pod.Metadata)
	}
	if c := pod.Spec.Containers[0]; c.Name != "c" || c.ImagePullPolicy != "Never" {
		t.Errorf("container: %+v", c)
	}
	if v := pod.Spec.Volumes[0]; v.Name != "v" || v.Image.PullPolicy != "Always" {
		t.Errorf("volume: %+v", v)
	}
}

func TestWhatCannotBeAPodIsNamed(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"an image that is a number":      {"kind: Pod\napiVersion: v1\nmetadata: {name: p}\nspec: {containers: [{image: 1.20}]}", "Pod/p: spec.containers[0].image is a number and must be text: put it in quotes"},
		"an image that is a mapping":     {"spec: {x: {spec: {containers: [{image: {tag: x}}]}}}", "spec.x: spec.containers[0].image is a mapping and must be text"},
		"an opt-out without quotes":      {"kind: Pod\napiVersion: v1\nmetadata: {name: p, labels: {registry-failover.io/rewrite: false}}\nspec: {containers: []}", `Pod/p: metadata.labels["registry-failover.io/rewrite"] is true or false and must be text: put it in quotes`},
		"labels in a list":               {"kind: Pod\napiVersion: v1\nmetadata: {labels: [a]}\nspec: {containers: []}", "Pod: metadata.labels is a list and must be a mapping"},
		"init containers in a mapping":   {"kind: Pod\napiVersion: v1\nspec: {containers: [], initContainers: {a: b}}", "Pod: spec.initContainers is a mapping and must be a list"},
		"a volume that is mere text":     {"kind: Pod\napiVersion: v1\nspec: {containers: [], volumes: [a]}", "Pod: spec.volumes[0] is text and must be a mapping"},
		"the first of several, by order": {"kind: Pod\napiVersion: v1\nmetadata: {labels: {b: 1, a: 2}}\nspec: {containers: []}", "Pod: metadata.labels.a is a number and must be text: put it in quotes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, err := manifest.Parse([]byte(test.text + "\n---\nspec: " + spec))
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Skipped) != 1 || m.Skipped[0].Error() != test.want {
				t.Errorf("skipped %v, want %s", m.Skipped, test.want)
			}
			if len(m.Pods) != 1 {
				t.Errorf("the pod beside it was not found: %+v", m.Pods)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"a list":                    {"a: b\n---\n- a\n", "document 2, from line 2 on, is a list: a manifest is a mapping with apiVersion and kind"},
		"mere text":                 {"hello\n", "document 1, from line 1 on, is text: a manifest is a mapping with apiVersion and kind"},
		"a mistake, with its line":  {"a: b\n---\nc: d\ne: f: g\n", "document 2 can't be read: line 4: mapping values are not allowed in this context"},
		"JSON that ends too early":  {`{"a": {`, "document 1 can't be read: line 1: did not find expected node content"},
		"a byte that is not UTF-8":  {"a: \xff", "is not UTF-8 text: save it as UTF-8"},
		"a control character":       {"a: \x00", "document 1 can't be read: control characters are not allowed"},
		"more than the limit":       {strings.Repeat(" ", manifest.MaxBytes+1), "is longer than 64 MiB: split it"},
		"aliases of aliases":        {aliasBomb(), "document 1 can't be read: document contains excessive aliasing"},
		"mappings nested very deep": {strings.Repeat("{a: ", 20000), "document 1 can't be read: exceeded max depth of 10000"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := manifest.Parse([]byte(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("Parse() = %v, want %s", err, test.want)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// aliasBomb would be 9^9 elements if its aliases were followed.
func aliasBomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n")
	for level := 1; level < 9; level++ {
		name := string(rune('0' + level))
		below := "*a" + string(rune('0'+level-1))
		b.WriteString("a" + name + ": &a" + name + " [" + strings.TrimSuffix(strings.Repeat(below+", ", 9), ", ") + "]\n")
	}
	return b.String()
}
