package startuptaint

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

func tainted(n *corev1.Node) bool {
	return slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == Key })
}

// An operation is one of RFC 6902.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// removal is the JSON patch that takes the taint off. It fails where the node is
// another one by now, or where others have moved the taint in the list.
func removal(n *corev1.Node) ([]byte, error) {
	patch := []operation{{"test", "/metadata/uid", n.UID}}
	for i, t := range slices.Backward(n.Spec.Taints) { // what is removed moves those after it
		if t.Key == Key {
			path := fmt.Sprintf("/spec/taints/%d", i)
			patch = append(patch, operation{"test", path + "/key", Key}, operation{Op: "remove", Path: path})
		}
	}
	return json.Marshal(patch)
}
