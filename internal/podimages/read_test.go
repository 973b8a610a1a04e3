package podimages_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	kubejson "sigs.k8s.io/json"

	"github.com/registry-failover/registry-failover/internal/jsonfields"
	"github.com/registry-failover/registry-failover/internal/podimages"
)

// FuzzRead holds that a pod is read as the API server's decoder reads it.
func FuzzRead(f *testing.F) {
	for _, pod := range []string{
		`{}`, `null`, `[]`, `{"spec": null, "metadata": null}`, `{"Spec": {"containers": [{"image": "a"}]}}`,
		`{"metadata": {"name": "a\u00fc", "labels": {"a": null, "b": "c"}, "annotations": {}}, ` + web + `}`,
		`{"spec": {"containers": [null, {"im\u0061ge": "a", "env": [{"image": "b"}]}], "volumes": [{"image": null}, {"image": {}}]}}`,
		`{"metadata": {"ownerReferences": [{"kind": "A", "name": "b", "uid": "c", "controller": true}, null, {"controller": null}]}}`,
		`{"metadata": {"ownerReferences": [{"controller": "true"}]}}`, `{"metadata": {"ownerReferences": null}}`,
		`{"spec": {"containers": {}}}`, `{"spec": {"containers": [{"image": 1}]}}`, `{"metadata": {"labels": {"a": 1}}}`,
		`{"spec": {"containers": [{"image": "\ud800"}]}, "x": 1e400}`,
	} {
		f.Add([]byte(pod))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// The API server sends its own encoding, in which each key stands once.
		var document any
		if json.Unmarshal(data, &document) != nil {
			return
		}
		data, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		var want, got podimages.Pod
		wantErr := kubejson.UnmarshalCaseSensitivePreserveInts(data, &want)
		_, _, gotErr := got.Read(jsonfields.NewReader(data))
		if (wantErr != nil) != (gotErr != nil) {
			t.Fatalf("%s: %v, not %v", data, gotErr, wantErr)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); wantErr == nil && diff != "" {
			t.Errorf("%s (-want +got):\n%s", data, diff)
		}
	})
}
