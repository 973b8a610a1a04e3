package switchkeeper

import (
	"encoding/json"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Write is who wrote a key last, and when, as the API server tells in managedFields.
// The zero value is that it doesn't.
type Write struct {
	// Manager is the field manager.
	Manager string
	// At is in whole seconds. The API server keeps one time for all keys of a manager: it
	// is too late where the same one has written another key since.
	At time.Time
}

// writes finds the last writer of each key of a ConfigMap's data. Entries in a form
// that it doesn't know are passed over.
func writes(entries []metav1.ManagedFieldsEntry) map[string]Write {
	found := map[string]Write{}
	for _, e := range entries {
		if e.FieldsV1 == nil || e.Time == nil {
			continue
		}
		// https://kubernetes.io/docs/reference/using-api/server-side-apply/: "f:" stands before
		// the name of a field.
		var fields struct {
			Data map[string]json.RawMessage `json:"f:data"`
		}
		if json.Unmarshal(e.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		for field := range fields.Data {
			key, ok := strings.CutPrefix(field, "f:")
			if !ok {
				continue
			}
			if before, known := found[key]; !known || e.Time.After(before.At) {
				found[key] = Write{Manager: e.Manager, At: e.Time.Time}
			}
		}
	}
	return found
}
