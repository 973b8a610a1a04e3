package admission

import (
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/json"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// Policy is what the configuration says about admission. It never changes: a
// new configuration makes a new one.
type Policy struct {
	Rewriter *rewrite.Rewriter
	Audit    bool
	OnUpdate bool
}

// NewPolicy takes a valid configuration.
func NewPolicy(c *config.Config) (*Policy, error) {
	r, err := c.Rewriter()
	if err != nil {
		return nil, err
	}
	return &Policy{Rewriter: r, Audit: c.Admission.Enforcement == config.Audit, OnUpdate: c.Admission.OnUpdate}, nil
}

// Decision is what is answered to one request, beside "allowed", which it always is.
type Decision struct {
	// Findings are all images that were looked at; empty where the request is none of ours.
	Findings []podimages.Finding
	// Patch is nil where nothing changes, and always with Audit.
	Patch    []byte
	Warnings []string
	// Audit is added to the API server's audit event; the API server prefixes the keys with our name.
	Audit map[string]string
}

// Review decides on one request. An error means that the request is not
// understood, or never meant for this webhook: the object is to be admitted as
// it was written.
func (p *Policy) Review(request *admissionv1.AdmissionRequest) (Decision, error) {
	ephemeral := request.SubResource == "ephemeralcontainers"
	whole := request.SubResource == ""
	create := request.Operation == admissionv1.Create && whole
	update := request.Operation == admissionv1.Update && (whole || ephemeral)
	switch {
	case request.Resource.Group != "" || request.Resource.Resource != "pods" || !create && !update:
		return Decision{}, fmt.Errorf("%s of %q is nothing that this webhook handles: correct the rules of its webhook configuration",
			clip(string(request.Operation), foreignBytes), clip(resource(request), foreignBytes))
	case update && whole && !p.OnUpdate:
		return Decision{}, nil
	}
	pod, err := decodePod(request.Object.Raw)
	if err != nil {
		return Decision{}, fmt.Errorf("the pod is not readable: %w", err)
	}
	if create {
		return p.answer(pod, podimages.Evaluate(p.Rewriter, pod), ephemeral)
	}
	old, err := decodePod(request.OldObject.Raw)
	if err != nil {
		return Decision{}, fmt.Errorf("the old pod is not readable: %w", err)
	}
	if ephemeral {
		// The subresource changes nothing else, so nothing else is looked at.
		pod.Spec = podimages.Spec{EphemeralContainers: pod.Spec.EphemeralContainers}
	}
	return p.answer(pod, podimages.EvaluateUpdate(p.Rewriter, pod, old), ephemeral)
}

// resource is what a request is about, as kubectl writes it: pods/exec, deployments.apps.
func resource(request *admissionv1.AdmissionRequest) string {
	name := request.Resource.Resource
	if request.Resource.Group != "" {
		name += "." + request.Resource.Group
	}
	if request.SubResource != "" {
		name += "/" + request.SubResource
	}
	return name
}

// decodePod reads the few fields that matter. Names compare with case, as the API server's do.
func decodePod(raw []byte) (*podimages.Pod, error) {
	if len(raw) == 0 {
		return nil, errors.New("it is empty")
	}
	var object struct {
		Metadata *podimages.Metadata `json:"metadata"`
		Spec     podimages.Spec      `json:"spec"`
	}
	if err := json.UnmarshalCaseSensitivePreserveInts(raw, &object); err != nil {
		return nil, err
	}
	if object.Metadata == nil {
		// The annotation would have no place, and the API server refuses a pod whose patch fails.
		return nil, errors.New("it has no metadata")
	}
	return &podimages.Pod{Metadata: *object.Metadata, Spec: object.Spec}, nil
}
