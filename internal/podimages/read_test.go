package podimages_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	kubejson "sigs.k8s.io/json"

	"github.com/registry-failover/registry-failover/internal/jsonfields"
	"github.com/registry-failover/registry-failover/internal/podimages"
)

// TestReadTakesNothingForPullSecretsThatAreNotThere: most pods list none.
func TestReadTakesNothingForPullSecretsThatAreNotThere(t *testing.T) {
	allocations := func(pod string) float64 {
		return testing.AllocsPerRun(100, func() {
			var p podimages.Pod
			if _, _, err := p.Read(jsonfields.NewReader([]byte(pod))); err != nil {
				t.Fatal(err)
			}
		})
	}
	without := allocations(`{` + web + `}`)
	for sentence, test := range map[string]struct {
		list string
		more float64
	}{
		"a list that is empty":   {`[]`, 0},
		"a list that is null":    {`null`, 0},
		"a list of two":          {`[{"name":"pull-a"},{"name":"pull-b"}]`, 4}, // two names, and a list that grows twice
		"a list of empty names":  {`[{},{}]`, 2},
		"names in other objects": {`[{"later":{"name":"x"}}]`, 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			pod := strings.Replace(`{`+web+`}`, `"spec": {`, `"spec": {"imagePullSecrets": `+test.list+`, `, 1)
			if !strings.Contains(pod, "imagePullSecrets") {
				t.Fatalf("the pod is %s", pod)
			}
			if got := allocations(pod) - without; got > test.more {
				t.Errorf("%v allocations more than without a list, want %v", got, test.more)
			}
		})
	}
}

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
		`{"spec": {"imagePullSecrets": [{"name": "b"}, null, {}, {"name": null, "Name": "c"}, {"name": "b", "later": 1}]}}`,
		`{"spec": {"imagePullSecrets": null}}`, `{"spec": {"imagePullSecrets": ["b"]}}`, `{"spec": {"imagePullSecrets": [{"name": 1}]}}`,
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
