package nodelease

import (
	"encoding/json"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

// lease is the part of a coordination.k8s.io/v1 Lease that is written. The API's
// own type would link all of k8s.io/api/coordination.
type lease struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        metadata `json:"metadata"`
	Spec            spec     `json:"spec"`
}

type metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

type spec struct {
	HolderIdentity       string           `json:"holderIdentity"`
	LeaseDurationSeconds int              `json:"leaseDurationSeconds"`
	RenewTime            metav1.MicroTime `json:"renewTime"`
}

// render is the Lease of a node as it is sent, golden file testdata/lease/node-a.json.
func render(namespace, node string, r nodereport.Report, now time.Time) ([]byte, error) {
	return json.Marshal(lease{
		TypeMeta: metav1.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"},
		Metadata: metadata{Name: node, Namespace: namespace, Labels: nodereport.Labels(), Annotations: r.Annotations()},
		Spec: spec{
			HolderIdentity: node, LeaseDurationSeconds: int(nodereport.Duration / time.Second),
			RenewTime: metav1.NewMicroTime(now),
		},
	})
}
