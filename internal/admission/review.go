package admission

import (
	"fmt"
	"sync/atomic"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// Policy is what the configuration says about admission. It never changes: a
// new configuration makes a new one.
type Policy struct {
	Rewriter *rewrite.Rewriter
	Audit    bool
	OnUpdate bool

	secrets secrets
}

// newPolicy takes a valid configuration, and where to find what is known of pull
// secrets when a pod comes.
func newPolicy(c *config.Config, index *atomic.Pointer[pullsecrets.Index]) (*Policy, error) {
	r, err := c.Rewriter()
	if err != nil {
		return nil, err
	}
	return &Policy{
		Rewriter: r, Audit: c.Admission.Enforcement == config.Audit, OnUpdate: c.Admission.OnUpdate,
		secrets: secrets{pullsecrets.Attacher{Settings: c.PullSecrets, Endpoints: c.Endpoints}, index},
	}, nil
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
	// Credentials is what was done about the pod's pull secrets, as the metric has
	// it; empty for nothing.
	Credentials string
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
		findings := podimages.Evaluate(p.Rewriter, pod)
		d := p.answer(pod, findings, ephemeral, p.credentials(in.namespace, pod, findings))
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
	// A pod's pull secrets can't be changed any more.
	return p.answer(pod, podimages.EvaluateUpdate(p.Rewriter, pod, in.oldObject.pod), ephemeral, credentials{}), nil
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
