package admission

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// FuzzAnswer holds that an answer is written as encoding/json writes the API's types.
func FuzzAnswer(f *testing.F) {
	f.Add("705ab4f5", []byte(`[{"op":"replace"}]`), "a", `{"b":"c"}`, "a warning\n<&>ü\x00\xff")
	f.Add("", []byte(nil), "", "", "")
	f.Fuzz(func(t *testing.T, uid string, patch []byte, key, value, warning string) {
		d := Decision{Patch: patch, Audit: map[string]string{key: value, "original-images": "x"}, Warnings: []string{warning, "\\"}}
		if key == "" {
			d = Decision{}
		}
		want := &admissionv1.AdmissionResponse{UID: types.UID(uid), Allowed: true, Patch: d.Patch, Warnings: d.Warnings, AuditAnnotations: d.Audit}
		if d.Patch != nil {
			jsonPatch := admissionv1.PatchTypeJSONPatch
			want.PatchType = &jsonPatch
		}
		text, err := json.Marshal(admissionv1.AdmissionReview{
			TypeMeta: metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"}, Response: want,
		})
		if err != nil {
			t.Fatal(err)
		}
		var wanted, got any
		if err := json.Unmarshal(text, &wanted); err != nil {
			t.Fatal(err)
		}
		answer := appendAnswer(nil, types.UID(uid), d)
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatalf("%s: %v", answer, err)
		}
		if len(patch) == 0 {
			return // an empty patch is left out there, and never made here
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
