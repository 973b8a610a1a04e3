package admission

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
)

func TestPanicInTheDecisionAdmitsThePodAsItWasWritten(t *testing.T) {
	h := NewHandler(prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	h.policy.Store(&Policy{}) // whose Rewriter is missing
	for _, path := range []string{"/mutate", "/audit"} {
		recorder := httptest.NewRecorder()
		h.Routes().ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, path, strings.NewReader(`{
			"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
				"uid": "7", "operation": "CREATE", "resource": {"version": "v1", "resource": "pods"},
				"object": {"metadata": {}, "spec": {"containers": [{"image": "b.example.com/web"}]}}}}`)))
		var review admissionv1.AdmissionReview
		if err := json.Unmarshal(recorder.Body.Bytes(), &review); err != nil {
			t.Fatalf("%v: %s", err, recorder.Body)
		}
		r := review.Response
		if r.UID != "7" || !r.Allowed || r.Patch != nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "internal error, please report it: ") {
			t.Errorf("%s answers %s", path, recorder.Body)
		}
	}
}
