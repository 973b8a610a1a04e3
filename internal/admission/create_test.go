package admission_test

import (
	"encoding/json"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
)

// annotation is the patch's last operation where the pod has annotations.
func annotation(t *testing.T, value string) string {
	t.Helper()
	quoted, err := json.Marshal(value)
	must(t, err)
	return "add /metadata/annotations/registry-failover.io~1original-images " + string(quoted)
}

// with is a pod with one container and this metadata.
func with(metadata string) string {
	return `{"metadata":` + metadata + `,"spec":{"containers":[{"name":"a","image":"` + source + `/demo/web:1"}]}}`
}

func TestCreate(t *testing.T) {
	replaced := `replace /spec/containers/0/image "` + shared + `/demo/web:1"`
	original := `{"spec.containers[0].image":"` + source + `/demo/web:1"}`
	tests := map[string]struct {
		pod  string
		want []string
	}{
		"a pod without annotations gets the first one": {
			with(`{}`),
			[]string{replaced, `add /metadata/annotations {"registry-failover.io/original-images":` + quote(t, original) + `}`},
		},
		"annotations that are null are as good as none": {
			with(`{"annotations":null}`),
			[]string{replaced, `add /metadata/annotations {"registry-failover.io/original-images":` + quote(t, original) + `}`},
		},
		"annotations that are empty stay": {
			with(`{"annotations":{}}`),
			[]string{replaced, annotation(t, original)},
		},
		"a record that is unreadable is replaced": {
			with(`{"annotations":{"registry-failover.io/original-images":"{"}}`),
			[]string{replaced, annotation(t, original)},
		},
		"a record of another form is replaced": {
			with(`{"annotations":{"registry-failover.io/original-images":"{\"a\":\"` + source + `/demo/x\",\"b\":1}"}}`),
			[]string{replaced, annotation(t, original)},
		},
		"a record of images that the pod doesn't have is dropped": {
			with(`{"annotations":{"registry-failover.io/original-images":"{\"spec.containers[7].image\":\"` + source + `/demo/x\",\"y\":\"nginx\"}"}}`),
			[]string{replaced, annotation(t, original)},
		},
		"a container that was put in front takes nobody's record away": {
			`{"metadata":{"annotations":{"registry-failover.io/original-images":` +
				quote(t, `{"spec.containers[0].image":"`+internal+`/demo/web:1","spec.containers[1].image":"`+source+`/demo/web:1"}`) + `}},
				"spec":{"containers":[{"image":"` + source + `/mesh/proxy"},{"image":"` + shared + `/demo/web:1"},{"image":"` + shared + `/demo/own"}]}}`,
			[]string{
				`replace /spec/containers/0/image "` + shared + `/mesh/proxy"`,
				annotation(t, `{"spec.containers[0].image":"`+source+`/mesh/proxy","spec.containers[1].image":"`+source+`/demo/web:1"}`),
			},
		},
		"two containers that came to have the same image keep what each was": {
			`{"metadata":{"annotations":{"registry-failover.io/original-images":` +
				quote(t, `{"spec.containers[0].image":"`+source+`/demo/web:1","spec.containers[1].image":"`+internal+`/demo/web:1"}`) + `}},
				"spec":{"containers":[{"image":"` + shared + `/demo/web:1"},{"image":"` + shared + `/demo/web:1"},{"image":"` + source + `/mesh/proxy"}]}}`,
			[]string{
				`replace /spec/containers/2/image "` + shared + `/mesh/proxy"`,
				annotation(t, `{"spec.containers[0].image":"`+source+`/demo/web:1","spec.containers[1].image":"`+internal+`/demo/web:1","spec.containers[2].image":"`+source+`/mesh/proxy"}`),
			},
		},
		"a record of what was never rewritten is dropped": {
			`{"metadata":{"annotations":{"registry-failover.io/original-images":` +
				quote(t, `{"spec.containers[0].image":"nginx","spec.containers[2].image":"`+shared+`/demo/own"}`) + `}},
				"spec":{"containers":[{"image":"nginx"},{"image":"` + source + `/demo/web:1"},{"image":"` + shared + `/demo/own"}]}}`,
			[]string{
				`replace /spec/containers/1/image "` + shared + `/demo/web:1"`,
				annotation(t, `{"spec.containers[1].image":"`+source+`/demo/web:1"}`),
			},
		},
		"a tag and a digest are both kept": {
			running(source + "/demo/web:1@" + digest),
			[]string{
				`replace /spec/containers/0/image "` + shared + `/demo/web:1@` + digest + `"`,
				`add /metadata/annotations {"registry-failover.io/original-images":` + quote(t, `{"spec.containers[0].image":"`+source+`/demo/web:1@`+digest+`"}`) + `}`,
			},
		},
		"the host in the middle of a reference is no host": {running("quay.io/" + source + "/web:1"), nil},
		"a host that only begins alike is another":         {running(source + ".example.com/web:1"), nil},
		"the same host with a port is another":             {running(source + ":443/web:1"), nil},
		"a pod that opted out is left alone":               {with(`{"labels":{"registry-failover.io/rewrite":"false"}}`), nil},
		"a mirror pod is left alone":                       {with(`{"annotations":{"kubernetes.io/config.mirror":"3c1e"}}`), nil},
		"an image that is never pulled is left alone": {
			`{"metadata":{},"spec":{"containers":[{"image":"` + source + `/a","imagePullPolicy":"Never"}],
				"volumes":[{"image":{"reference":"` + source + `/b","pullPolicy":"Never"}}]}}`, nil,
		},
		"names compare with case": {
			`{"metadata":{},"Spec":{"containers":[{"image":"` + source + `/a"}]},"spec":{"Containers":[{"image":"` + source + `/b"}],"containers":[{"Image":"` + source + `/c"}]}}`, nil,
		},
		"a pod without containers is left alone":  {`{"metadata":{}}`, nil},
		"containers that are null are left alone": {`{"metadata":{},"spec":{"containers":[null],"initContainers":null,"volumes":[null,{"image":null}]}}`, nil},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, "")
			r := w.ask(t, "/mutate", review(t, test.pod))
			compare(t, test.want, operations(t, r))
			compare(t, []string(nil), r.Warnings)
			apply(t, []byte(test.pod), r)
		})
	}
}

// quote gives a text as a JSON string.
func quote(t *testing.T, text string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	must(t, err)
	return string(quoted)
}

// TestFullAnnotations: the API server refuses a pod whose annotations hold more than 256 KiB.
func TestFullAnnotations(t *testing.T) {
	const limit = 256 << 10
	own := len("registry-failover.io/original-images") + len(`{"spec.containers[0].image":"`+source+`/demo/web:1"}`)
	tests := map[string]struct {
		size       int
		operations int
		warnings   []string
	}{
		"the originals fit exactly": {limit - own, 2, nil},
		"the originals don't fit": {limit - own + 1, 1, []string{
			"registry-failover rewrote images, and the pod's annotations have no room left to record their originals: shorten them, or see the API server's audit log",
		}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, "")
			r := w.ask(t, "/mutate", review(t, with(`{"annotations":{"x":"`+strings.Repeat("x", test.size-1)+`"}}`)))
			if got := operations(t, r); len(got) != test.operations {
				t.Errorf("%d operations, want %d", len(got), test.operations)
			}
			compare(t, test.warnings, r.Warnings)
		})
	}
}

func TestDryRunMakesNoDifference(t *testing.T) {
	w := newWebhook(t, "")
	pod := running(source + "/demo/web:1")
	want := w.ask(t, "/mutate", review(t, pod))
	for _, dryRun := range []bool{false, true} {
		got := w.ask(t, "/mutate", review(t, pod, func(r *admissionv1.AdmissionRequest) { r.DryRun = &dryRun }))
		compare(t, want, got)
	}
	if want.Patch == nil {
		t.Error("nothing was patched")
	}
}
