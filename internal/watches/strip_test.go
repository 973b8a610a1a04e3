package watches

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestMetadataHoldsNothingThatNobodyReads(t *testing.T) {
	for sentence, test := range map[string]struct {
		keep []string
		want metav1.ObjectMeta
	}{
		"names only":            {nil, metav1.ObjectMeta{Name: "node-a", UID: "1"}},
		"what is kept":          {[]string{"type", "answers"}, metav1.ObjectMeta{Name: "node-a", UID: "1", Labels: map[string]string{"type": "virtual"}, Annotations: map[string]string{"answers": "{}"}}},
		"what isn't there":      {[]string{"hosts"}, metav1.ObjectMeta{Name: "node-a", UID: "1"}},
		"some of what there is": {[]string{"answers", "hosts"}, metav1.ObjectMeta{Name: "node-a", UID: "1", Annotations: map[string]string{"answers": "{}"}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			object := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
				Name: "node-a", UID: "1", Labels: map[string]string{"type": "virtual", "zone": "a"}, Annotations: map[string]string{"answers": "{}", "version": "1"},
				ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubelet"}}, OwnerReferences: []metav1.OwnerReference{{Name: "b"}},
			}}
			got, err := Selection{Keep: test.keep}.strip(object)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.(*metav1.PartialObjectMetadata).ObjectMeta); diff != "" {
				t.Error(diff)
			}
		})
	}
}
