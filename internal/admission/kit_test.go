package admission_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/registry-failover/registry-failover/internal/admission"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	shared   = "cross-region.registry.io"
	source   = "b-registry.cn-zhangjiakou.cr.aliyuncs.com"
	internal = "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"
	digest   = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	uid      = "705ab4f5-6393-11e8-b7cc-42010a800002"

	audit    = "admission: {enforcement: Audit}\n"
	onUpdate = "admission: {onUpdate: true}\n"
	derive   = "pullSecrets: {mode: Derive, namespaces: [shop]}\n"
	check    = "pullSecrets: {mode: Check, namespaces: [shop]}\n"
)

// parse gives the example's configuration with lines added.
func parse(t testing.TB, added string) *config.Config {
	t.Helper()
	example, err := os.ReadFile("../../testdata/config/example.yaml")
	must(t, err)
	c, err := config.Parse(append(example, added...))
	must(t, err)
	return c
}

// webhook is a handler with the example's configuration.
type webhook struct {
	*admission.Handler
	routes   http.Handler
	registry *prometheus.Registry
}

func newWebhook(t testing.TB, added string) webhook {
	t.Helper()
	w := webhook{registry: prometheus.NewPedanticRegistry()}
	w.Handler = admission.NewHandler(w.registry, slog.New(slog.DiscardHandler))
	must(t, w.Configure(parse(t, added)))
	w.routes = w.Routes()
	return w
}

func (w webhook) post(path string, body io.Reader) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	w.routes.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, path, body))
	return recorder
}

// ask posts a review that has a readable uid. Whatever is asked, the answer
// allows the object and is one that the API server takes.
func (w webhook) ask(t testing.TB, path string, body []byte) *admissionv1.AdmissionResponse {
	t.Helper()
	recorder := w.post(path, bytes.NewReader(body))
	if recorder.Code != http.StatusOK {
		t.Fatalf("HTTP %d: %s", recorder.Code, recorder.Body)
	}
	return response(t, recorder)
}

func response(t testing.TB, recorder *httptest.ResponseRecorder) *admissionv1.AdmissionResponse {
	t.Helper()
	if got := recorder.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
	var review admissionv1.AdmissionReview
	must(t, json.Unmarshal(recorder.Body.Bytes(), &review))
	if review.Kind != "AdmissionReview" || review.APIVersion != "admission.k8s.io/v1" || review.Response == nil {
		t.Fatalf("the API server does not take %s", recorder.Body)
	}
	r := review.Response
	if !r.Allowed || r.UID == "" || r.Result != nil {
		t.Fatalf("the pod is not admitted by %s", recorder.Body)
	}
	if patched := len(r.Patch) > 0; patched != (r.PatchType != nil) || patched && *r.PatchType != admissionv1.PatchTypeJSONPatch {
		t.Fatalf("patch and patchType don't belong together in %s", recorder.Body)
	}
	return r
}

// review is what the API server sends about a pod; edits change the request.
func review(t testing.TB, pod string, edits ...func(*admissionv1.AdmissionRequest)) []byte {
	t.Helper()
	request := &admissionv1.AdmissionRequest{
		UID: uid, Operation: admissionv1.Create, Object: runtime.RawExtension{Raw: []byte(pod)},
		Kind:     metav1.GroupVersionKind{Version: "v1", Kind: "Pod"},
		Resource: metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
	}
	for _, edit := range edits {
		edit(request)
	}
	body, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: request,
	})
	must(t, err)
	return body
}

// index is what is known of the pull secrets of the namespace shop, as the index has it.
func index(t testing.TB, shop string) pullsecrets.Index {
	t.Helper()
	n, err := pullsecrets.DecodeNamespace([]byte(shop))
	must(t, err)
	return pullsecrets.Index{"shop": n}
}

// into makes a request one of that namespace.
func into(namespace string) func(*admissionv1.AdmissionRequest) {
	return func(r *admissionv1.AdmissionRequest) { r.Namespace = namespace }
}

// updateOf makes a request an UPDATE of the old pod, or of a subresource.
func updateOf(old, subresource string) func(*admissionv1.AdmissionRequest) {
	return func(r *admissionv1.AdmissionRequest) {
		r.Operation, r.SubResource, r.OldObject.Raw = admissionv1.Update, subresource, []byte(old)
	}
}

// running is a pod with one container for each image, a, b and so on.
func running(images ...string) string {
	var containers []string
	for i, image := range images {
		containers = append(containers, `{"name":"`+string(rune('a'+i))+`","image":"`+image+`"}`)
	}
	return `{"metadata":{"name":"web"},"spec":{"containers":[` + strings.Join(containers, ",") + `]}}`
}

func apply(t testing.TB, object []byte, r *admissionv1.AdmissionResponse) []byte {
	t.Helper()
	if r.Patch == nil {
		return object
	}
	patch, err := jsonpatch.DecodePatch(r.Patch)
	must(t, err)
	patched, err := patch.Apply(object)
	if err != nil {
		t.Fatalf("%v: the patch %s of %s", err, r.Patch, object)
	}
	return patched
}

// operations are a patch in short: operation, path and value.
func operations(t testing.TB, r *admissionv1.AdmissionResponse) []string {
	t.Helper()
	var patch []struct {
		Op, Path string
		Value    json.RawMessage
	}
	if r.Patch != nil {
		must(t, json.Unmarshal(r.Patch, &patch))
	}
	var short []string
	for _, o := range patch {
		short = append(short, o.Op+" "+o.Path+" "+string(o.Value))
	}
	return short
}

func compare(t testing.TB, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
