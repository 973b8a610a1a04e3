package admission

import (
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"

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

// with is the policy with another enforcement.
func (p Policy) with(audit bool) *Policy {
	p.Audit = audit
	return &p
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
	// Created is the pod that was rewritten as it was created, in the first pass
	// that did so; nil for all else.
	Created *podimages.Metadata
}

// review decides on one request. An error means that the request is not
// understood, or never meant for this webhook: the object is to be admitted as
// it was written.
func (p *Policy) review(in request) (Decision, error) {
	ephemeral := in.subresource == "ephemeralcontainers"
	whole := in.subresource == ""
	create := in.operation == string(admissionv1.Create) && whole
	update := in.operation == string(admissionv1.Update) && (whole || ephemeral)
	switch {
	case in.group != "" || in.resource != "pods" || !create && !update:
		return Decision{}, fmt.Errorf("%s of %q is nothing that this webhook handles: correct the rules of its webhook configuration",
			clip(in.operation, foreignBytes), clip(in.about(), foreignBytes))
	case update && whole && !p.OnUpdate:
		return Decision{}, nil
	}
	pod := in.object.pod
	if err := in.object.err; err != nil {
		return Decision{}, fmt.Errorf("the pod is not readable: %w", err)
	}
	if create {
		d := p.answer(pod, podimages.Evaluate(p.Rewriter, pod), ephemeral)
		_, again := pod.Metadata.Annotations[OriginalsAnnotation]
		if d.Patch != nil && !in.dryRun && !again {
			d.Created = &pod.Metadata
		}
		return d, nil
	}
	if err := in.oldObject.err; err != nil {
		return Decision{}, fmt.Errorf("the old pod is not readable: %w", err)
	}
	if ephemeral {
		// The subresource changes nothing else, so nothing else is looked at.
		pod.Spec = podimages.Spec{EphemeralContainers: pod.Spec.EphemeralContainers}
	}
	return p.answer(pod, podimages.EvaluateUpdate(p.Rewriter, pod, in.oldObject.pod), ephemeral), nil
}

// about is what a request is about, as kubectl writes it: pods/exec, deployments.apps.
func (in *request) about() string {
	name := in.resource
	if in.group != "" {
		name += "." + in.group
	}
	if in.subresource != "" {
		name += "/" + in.subresource
	}
	return name
}
