package e2e

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
)

const sidecars = "zz-sidecars"

// addSidecars has a webhook, asked after ours, that puts a container with a
// source image in front of those of a pod with the label sidecar, as service meshes do.
func addSidecars(t *testing.T) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		patched := admissionv1.PatchTypeJSONPatch
		review.Response = &admissionv1.AdmissionResponse{
			UID: review.Request.UID, Allowed: true, PatchType: &patched,
			Patch: []byte(`[{"op": "add", "path": "/spec/containers/0", "value": {"name": "sidecar", "image": "` + primaryHost + `/sidecar"}}]`),
		}
		review.Request = nil
		_ = json.NewEncoder(w).Encode(review)
	}))
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if output, err := node.Apply(t.Context(), fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: %s}
webhooks:
- name: sidecars.example.com
  admissionReviewVersions: [v1]
  clientConfig: {url: %q, caBundle: %s}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  objectSelector: {matchLabels: {sidecar: wanted}}
  sideEffects: None
`, sidecars, server.URL, base64.StdEncoding.EncodeToString(ca))); err != nil {
		t.Fatal(err, output)
	}
}

func removeSidecars(t *testing.T) {
	t.Helper()
	kubectl(t, "delete", "mutatingwebhookconfiguration", sidecars)
}
