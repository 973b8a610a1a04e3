package startuptaint

import (
	"encoding/json"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestThePatchTakesTheTaintOffAndNothingElse(t *testing.T) {
	taint := func(key string, effect corev1.TaintEffect) corev1.Taint {
		return corev1.Taint{Key: key, Value: "a", Effect: effect}
	}
	ours, ourOther := taint(Key, corev1.TaintEffectNoSchedule), taint(Key, corev1.TaintEffectNoExecute)
	gpu, cordoned := taint("gpu", corev1.TaintEffectNoSchedule), taint("node.kubernetes.io/unschedulable", corev1.TaintEffectNoSchedule)
	tests := map[string]struct {
		seen, stands []corev1.Taint
		uid          string
		want         []corev1.Taint // nil: it fails
	}{
		"alone":                         {[]corev1.Taint{ours}, []corev1.Taint{ours}, "new", []corev1.Taint{}},
		"between others":                {[]corev1.Taint{gpu, ours, cordoned}, []corev1.Taint{gpu, ours, cordoned}, "new", []corev1.Taint{gpu, cordoned}},
		"with two effects":              {[]corev1.Taint{ours, gpu, ourOther}, []corev1.Taint{ours, gpu, ourOther}, "new", []corev1.Taint{gpu}},
		"one was added after it since":  {[]corev1.Taint{ours}, []corev1.Taint{ours, cordoned}, "new", []corev1.Taint{cordoned}},
		"one was added before it since": {[]corev1.Taint{ours}, []corev1.Taint{cordoned, ours}, "new", nil},
		"it was taken off since":        {[]corev1.Taint{gpu, ours}, []corev1.Taint{gpu}, "new", nil},
		"the node is another one since": {[]corev1.Taint{ours}, []corev1.Taint{ours}, "newer", nil},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			n := newNode()
			n.Spec.Taints = test.seen
			text, err := removal(&n)
			if err != nil {
				t.Fatal(err)
			}
			patch, err := jsonpatch.DecodePatch(text)
			if err != nil {
				t.Fatal(err)
			}
			stands := map[string]any{"metadata": map[string]any{"uid": test.uid}, "spec": map[string]any{"taints": test.stands}}
			document, err := json.Marshal(stands)
			if err != nil {
				t.Fatal(err)
			}
			patched, err := patch.Apply(document)
			if (err == nil) != (test.want != nil) {
				t.Fatalf("%s gives %s, %v", text, patched, err)
			}
			if err != nil {
				return
			}
			var got corev1.Node
			if err := json.Unmarshal(patched, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Spec.Taints); diff != "" {
				t.Errorf("taints (-want +got):\n%s", diff)
			}
		})
	}
}
