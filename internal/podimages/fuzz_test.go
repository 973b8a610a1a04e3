package podimages_test

import (
	"encoding/json"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	kubejson "sigs.k8s.io/json"

	"github.com/registry-failover/registry-failover/internal/podimages"
)

// FuzzPointer holds that a patch of a field that has an image changes that
// field and nothing else: the API server refuses a pod whose patch fails.
func FuzzPointer(f *testing.F) {
	for _, pod := range []string{
		`{}`, `null`, `{"spec": null}`, `{"spec": {"containers": [null, {}]}}`,
		`{` + web + `}`,
		`{"spec": {"Containers": [{"image": "a"}], "containers": [{"Image": "b", "image": "c"}]}}`,
		`{"spec": {"volumes": [{"emptyDir": {}}, {"name": "m", "image": {"reference": "` + source + `/demo/model"}}]}}`,
		`{"spec": {"initContainers": [{"image": "a"}], "ephemeralContainers": [{"image": "b", "imagePullPolicy": "Never"}]}}`,
		`{"metadata": {"labels": {"registry-failover.io/rewrite": "false"}, "annotations": {"kubernetes.io/config.mirror": "x"}}, ` + web + `}`,
	} {
		f.Add([]byte(pod))
	}
	r := newRewriter(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		// The API server sends its own encoding, in which each key stands once.
		var document any
		if json.Unmarshal(data, &document) != nil {
			return
		}
		canonical, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		pod := &podimages.Pod{}
		if kubejson.UnmarshalCaseSensitivePreserveInts(canonical, pod) != nil {
			return
		}
		podimages.EvaluateUpdate(r, pod, pod)
		for i, finding := range podimages.Evaluate(r, pod) {
			if finding.Result.Reason == "" {
				t.Errorf("%s has no reason", finding.Field.Path())
			}
			if finding.Field.Image == "" {
				if finding.Result.Changed() {
					t.Errorf("%s has no image and is changed", finding.Field.Path())
				}
				continue // the field may not exist
			}
			const replaced = "replaced.example/by/fuzz"
			patched := replace(t, canonical, finding.Field.Pointer(), replaced)
			want := pod.Spec.Fields()
			want[i].Image = replaced
			if diff := cmp.Diff(want, decode(t, string(patched)).Spec.Fields()); diff != "" {
				t.Errorf("patching %s: %s", finding.Field.Pointer(), diff)
			}
			var restored any
			if err := json.Unmarshal(replace(t, patched, finding.Field.Pointer(), finding.Field.Image), &restored); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(document, restored); diff != "" {
				t.Errorf("patching %s there and back: %s", finding.Field.Pointer(), diff)
			}
		}
	})
}

func replace(t *testing.T, document []byte, pointer, value string) []byte {
	t.Helper()
	operations, err := json.Marshal([]map[string]string{{"op": "replace", "path": pointer, "value": value}})
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(operations)
	if err != nil {
		t.Fatal(err)
	}
	patched, err := patch.Apply(document)
	if err != nil {
		t.Fatalf("%v: %s in %s", err, operations, document)
	}
	return patched
}
