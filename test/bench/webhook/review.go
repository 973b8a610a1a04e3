package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// podJSON is a pod of a Deployment as a webhook gets it: an init container, two
// containers and a sidecar, three of which name a source host.
//
//go:embed pod.json
var podJSON []byte

// sourceHost is the host in podJSON that the example's configuration replaces.
const sourceHost = "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"

// review is what the API server sends when a pod is created.
func review(pod []byte) ([]byte, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, pod); err != nil {
		return nil, fmt.Errorf("could not read the pod: %w", err)
	}
	kind := metav1.GroupVersionKind{Version: "v1", Kind: "Pod"}
	resource := metav1.GroupVersionResource{Version: "v1", Resource: "pods"}
	dryRun := false
	return json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: "705ab4f5-6393-11e8-b7cc-42010a800002", Kind: kind, Resource: resource, RequestKind: &kind, RequestResource: &resource,
			Namespace: "shop", Operation: admissionv1.Create, DryRun: &dryRun,
			Object: runtime.RawExtension{Raw: compact.Bytes()},
		},
	})
}
