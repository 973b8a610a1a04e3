package admission_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	kubejson "sigs.k8s.io/json"

	"github.com/registry-failover/registry-failover/internal/admission"
	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// FuzzBody holds for any bytes: an answer that admits, or HTTP 400; and a
// patch only for what is a request about a pod.
func FuzzBody(f *testing.F) {
	update := strings.Replace(head, "CREATE", "UPDATE", 1) + whole + `,"oldObject":{"metadata":{}}`
	// Short seeds: the fuzzer spends its time on making long ones shorter.
	for _, body := range []string{
		"", "null", "[]", wrap(""), wrap(head), wrap(head + whole), wrap(`"uid":7` + whole), wrap(head+whole) + "{", wrap(head + whole)[:150],
		wrap(update), wrap(strings.Replace(update, "containers", "ephemeralContainers", 1) + `,"subResource":"ephemeralcontainers"`),
		wrap(strings.Replace(head, "CREATE", "DELETE", 1)),
		wrap(head + `,"dryRun":null` + whole), wrap(head + `,"dryRun":{}` + whole),
	} {
		f.Add([]byte(body))
	}
	w := newWebhook(f, onUpdate)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"/mutate", "/enforce", "/audit"} {
			recorder := w.post(path, bytes.NewReader(body))
			if recorder.Code != http.StatusOK {
				refused(t, recorder, "")
				continue
			}
			r := response(t, recorder)
			if r.Patch == nil {
				continue
			}
			var in struct {
				APIVersion string
				Request    struct {
					UID, Operation string
					Resource       struct{ Group, Resource string }
				}
			}
			if err := json.Unmarshal(body, &in); err != nil || path == "/audit" {
				t.Fatalf("a patch from %s: %s (%v)", path, r.Patch, err)
			}
			if in.Request.Resource.Resource != "pods" || in.Request.Operation != "CREATE" && in.Request.Operation != "UPDATE" {
				t.Errorf("a patch for %+v", in)
			}
		}
	})
}

// FuzzPod holds for any pod: the patch applies, changes nothing but images and
// our annotation, which then has the original of each, and a second pass has
// nothing to do.
func FuzzPod(f *testing.F) {
	for _, pod := range []string{
		"{}", "null", `{"metadata":null}`, `{"spec":{"containers":[{"image":"` + source + `/a"}]}}`, with(`{}`), with(`{"annotations":null}`),
		with(`{"annotations":{"registry-failover.io/original-images":"null"}}`), running(source+"/a", source+"/a@"+digest, "", internal+"/b:1"),
		`{"metadata":{"annotations":{"registry-failover.io/original-images":"{\"spec.containers[0].image\":\"` + source + `/a\"}"}},
			"spec":{"containers":[{"image":"` + internal + `/a"},{"image":"` + shared + `/a"}],"volumes":[{"image":{"reference":"` + source + `/m"}},{}]}}`,
		`{"metadata":{"labels":{"registry-failover.io/rewrite":"false"}},"spec":{"initContainers":[{"image":"` + source + `/a","imagePullPolicy":"Never"}],
			"ephemeralContainers":[null,{"image":"` + source + `/a"}]}}`,
		`{"metadata":{},"spec":{"initContainers":[{"image":"` + source + `/a:1@` + digest + `"}],"containers":[{"image":"` + internal + `/a"}]}}`,
		`{"metadata":{"later":[1]},"spec":{"later":{"image":"` + source + `/a"},"containers":[{"image":"` + source + `/a","later":{"x":null,"n":0.10}}],
			"volumes":[{"image":{"reference":"` + source + `/m","later":true}}]}}`,
		listing(`[{"name":"pull"},null,{"name":"hub"},{"name":""},{"name":"pull"},{"name":"é"}]`, source+"/a"), listing(`[]`, source+"/a"), listing(`["pull"]`, source+"/a"),
		listing(`[{"name":"pull.hangzhou.`+shared+`"},{"name":"pull"}]`, source+"/a", "nginx"), listing(`{}`, source+"/a"),
		running("localhost:5000/x", "b-registryxcn-zhangjiakou.cr.aliyuncs.com/a", "quay.io/"+source+"/a", source+"/"+source+"/a"),
	} {
		f.Add([]byte(pod))
	}
	w, attaching := newWebhook(f, ""), newWebhook(f, derive)
	attaching.KnowPullSecrets(index(f, `{"pull":["`+shared+`/hangzhou"],"hub":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		// The API server sends its own encoding, in which each key stands once.
		var document any
		if json.Unmarshal(data, &document) != nil {
			return
		}
		pod, err := json.Marshal(document)
		must(t, err)
		r := w.ask(t, "/mutate", review(t, string(pod)))
		w.ask(t, "/mutate", review(t, string(pod), updateOf(string(pod), "ephemeralcontainers")))
		if r.Patch == nil {
			return
		}
		patched := apply(t, pod, r)
		if diff := cmp.Diff(withoutImages(t, pod), withoutImages(t, patched)); diff != "" {
			t.Errorf("the patch %s changes more than images: %s", r.Patch, diff)
		}
		compareOriginals(t, pod, patched, r)
		for _, o := range operations(t, r) {
			if !strings.HasPrefix(o, "replace ") && !strings.HasPrefix(o, "add /metadata/annotations") {
				t.Errorf("operation %s", o)
			}
		}
		compareAttached(t, attaching, pod, patched)
		again := w.ask(t, "/mutate", review(t, string(patched)))
		if again.Patch != nil || len(again.Warnings) > 0 {
			t.Errorf("a second pass over %s gives %s %q", patched, again.Patch, again.Warnings)
		}
		audited := w.ask(t, "/audit", review(t, string(pod)))
		if audited.Patch != nil || cmp.Diff(r.AuditAnnotations, audited.AuditAnnotations) != "" {
			t.Errorf("audit gives %+v", audited)
		}
	})
}

// compareAttached holds that with companions a pod becomes what it becomes without,
// but for names behind those of its list, which are new there, and each once.
func compareAttached(t *testing.T, w webhook, pod, without []byte) {
	t.Helper()
	r := w.ask(t, "/mutate", review(t, string(pod), into("shop")))
	with := apply(t, pod, r)
	before, after := listed(t, pod), listed(t, with)
	if len(after) < len(before) || len(before) == 0 && len(after) > 0 || !slices.Equal(before, after[:len(before)]) {
		t.Fatalf("of %q came %q", before, after)
	}
	seen, endpoints := slices.Clone(before), []config.Endpoint{{Name: shared, Instances: []config.Instance{{Name: "hangzhou"}, {Name: "zhangjiakou"}}}}
	for _, name := range after[len(before):] {
		if slices.Contains(seen, name) || !pullsecrets.IsCompanion(endpoints, name) {
			t.Errorf("of %q came %q", before, after)
		}
		seen = append(seen, name)
	}
	if diff := cmp.Diff(withoutSecrets(t, without), withoutSecrets(t, with)); diff != "" {
		t.Errorf("more than the list differs: %s", diff)
	}
	if again := w.ask(t, "/mutate", review(t, string(with), into("shop"))); again.Patch != nil {
		t.Errorf("a second pass over %s gives %s", with, again.Patch)
	}
}

func withoutSecrets(t *testing.T, pod []byte) any {
	t.Helper()
	var document map[string]any
	must(t, json.Unmarshal(pod, &document))
	if spec, ok := document["spec"].(map[string]any); ok {
		delete(spec, "imagePullSecrets")
	}
	return document
}

// compareOriginals holds that what is recorded of each image that the patch
// replaces is what was there.
func compareOriginals(t *testing.T, pod, patched []byte, r *admissionv1.AdmissionResponse) {
	t.Helper()
	var before, after podimages.Pod
	must(t, kubejson.UnmarshalCaseSensitivePreserveInts(pod, &before))
	must(t, kubejson.UnmarshalCaseSensitivePreserveInts(patched, &after))
	var recorded, audited map[string]string
	must(t, json.Unmarshal([]byte(r.AuditAnnotations["original-images"]), &audited))
	if len(r.Warnings) == 0 { // else there was no room
		must(t, json.Unmarshal([]byte(after.Metadata.Annotations[admission.OriginalsAnnotation]), &recorded))
	}
	now := after.Spec.Fields()
	for i, f := range before.Spec.Fields() {
		if f.Image == now[i].Image {
			continue
		}
		if audited[f.Path()] != f.Image || recorded != nil && recorded[f.Path()] != f.Image {
			t.Errorf("%s was %q: the annotation says %q, the audit annotation %q", f.Path(), f.Image, recorded[f.Path()], audited[f.Path()])
		}
	}
}

// withoutImages is a pod with every image blanked and without our annotation.
func withoutImages(t *testing.T, pod []byte) any {
	t.Helper()
	var document map[string]any
	must(t, json.Unmarshal(pod, &document))
	if metadata, ok := document["metadata"].(map[string]any); ok {
		annotations, _ := metadata["annotations"].(map[string]any)
		delete(annotations, "registry-failover.io/original-images")
		if len(annotations) == 0 {
			delete(metadata, "annotations")
		}
	}
	spec, _ := document["spec"].(map[string]any)
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		containers, _ := spec[list].([]any)
		for _, c := range containers {
			blank(c, "image")
		}
	}
	volumes, _ := spec["volumes"].([]any)
	for _, v := range volumes {
		if volume, ok := v.(map[string]any); ok {
			blank(volume["image"], "reference")
		}
	}
	return document
}

func blank(object any, key string) {
	if o, ok := object.(map[string]any); ok && o[key] != nil {
		o[key] = "blank"
	}
}
