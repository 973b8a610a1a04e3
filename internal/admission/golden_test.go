package admission_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

const golden = "../../testdata/admission/"

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(golden + name)
	must(t, err)
	return data
}

// TestGoldenFiles compares the pods that the API server gets by applying the
// patch, byte for byte, so that numbers and unknown fields count too.
func TestGoldenFiles(t *testing.T) {
	tests := map[string]struct {
		config, file string
		operations   []string
		warnings     []string
		originals    string
		attached     string
	}{
		"a pod is created with images in every kind of field": {
			file: "create",
			operations: []string{
				"replace /spec/volumes/1/image/reference", "replace /spec/initContainers/0/image",
				"replace /spec/containers/0/image", "replace /spec/containers/1/image", "replace /spec/ephemeralContainers/0/image",
				"add /metadata/annotations",
			},
			originals: `{"spec.containers[0].image":"` + source + `/shop/web:2.4.1@` + digest + `",` +
				`"spec.containers[1].image":"a-registry.cn-hangzhou.cr.aliyuncs.com/shop/tools",` +
				`"spec.ephemeralContainers[0].image":"A-REGISTRY.CN-HANGZHOU.CR.ALIYUNCS.COM/shop/debug:1",` +
				`"spec.initContainers[0].image":"` + internal + `/shop/migrate:1.8.0",` +
				`"spec.volumes[1].image.reference":"a-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/model:v3@` + digest + `"}`,
		},
		"another webhook put containers in front of those that the first pass rewrote": {
			file: "create-second-pass",
			operations: []string{
				"replace /spec/initContainers/0/image", "replace /spec/containers/0/image",
				"add /metadata/annotations/registry-failover.io~1original-images",
			},
			originals: `{"spec.containers[0].image":"` + internal + `/mesh/proxy:1","spec.initContainers[0].image":"` + internal + `/mesh/init:1"}`,
		},
		"a pod lists pull secrets, of which one is for an instance, one for no registry of ours, and one isn't known yet": {
			file: "create-pull-secrets", config: derive,
			operations: []string{
				"replace /spec/containers/0/image", "add /metadata/annotations",
				"add /spec/imagePullSecrets/-", "add /spec/imagePullSecrets/-", "add /spec/imagePullSecrets/-",
			},
			originals: `{"spec.containers[0].image":"` + internal + `/shop/web:2.4.1"}`,
			attached:  "pull-b.zhangjiakou." + shared + ",new.hangzhou." + shared + ",new.zhangjiakou." + shared,
		},
		"an ephemeral container is added to a pod that was never rewritten": {
			file:       "update-ephemeralcontainers",
			operations: []string{"replace /spec/ephemeralContainers/1/image"},
			warnings:   []string{"registry-failover rewrote spec.ephemeralContainers[1].image from " + internal + "/shop/debug:2 to " + shared + "/shop/debug:2"},
			originals:  `{"spec.ephemeralContainers[1].image":"` + internal + `/shop/debug:2"}`,
		},
		"an update in place changes one image, and onUpdate is set": {
			file: "update", config: onUpdate,
			operations: []string{"replace /spec/containers/0/image", "add /metadata/annotations/registry-failover.io~1original-images"},
			originals:  `{"spec.containers[0].image":"` + source + `/shop/web:3"}`,
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, test.config)
			w.KnowPullSecrets(index(t, `{"pull-b":["`+shared+`/zhangjiakou"],"hub":[]}`))
			body := read(t, test.file+".review.json")
			r := w.ask(t, "/mutate", body)
			var in struct {
				Request struct{ Object json.RawMessage }
			}
			must(t, json.Unmarshal(body, &in))
			patched := apply(t, in.Request.Object, r)
			var got bytes.Buffer
			must(t, json.Indent(&got, patched, "", "  "))
			got.WriteByte('\n')
			if *update {
				must(t, os.WriteFile(golden+test.file+".pod.json", got.Bytes(), 0o644))
			}
			compare(t, string(read(t, test.file+".pod.json")), got.String())

			var paths []string
			for _, o := range operations(t, r) {
				paths = append(paths, strings.Join(strings.SplitN(o, " ", 3)[:2], " "))
			}
			compare(t, test.operations, paths)
			compare(t, test.warnings, r.Warnings)
			audited := map[string]string{"original-images": test.originals}
			if test.attached != "" {
				audited["pull-secrets"] = test.attached
			}
			compare(t, audited, r.AuditAnnotations)

			again := w.ask(t, "/mutate", bytes.Replace(body, in.Request.Object, patched, 1))
			if again.Patch != nil {
				t.Errorf("a second pass patches again: %s", again.Patch)
			}
		})
	}
}
