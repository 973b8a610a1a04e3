package cluster

import (
	"context"
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
)

var (
	admissionPolicies = kind{admissionv1.SchemeGroupVersion.WithResource("validatingadmissionpolicies")}
	admissionBindings = kind{admissionv1.SchemeGroupVersion.WithResource("validatingadmissionpolicybindings")}
)

// parameters are the objects that a binding gives to its policy.
type parameters struct {
	kind                      admissionv1.ParamKind
	namespace, name, selector string
}

// admissionPolicies looks at ValidatingAdmissionPolicies, and at the objects that
// their bindings name as parameters.
func (s *search) admissionPolicies(ctx context.Context) {
	var bindings []admissionv1.ValidatingAdmissionPolicyBinding
	bound := s.each(ctx, admissionBindings, "", metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		var b admissionv1.ValidatingAdmissionPolicyBinding
		if s.convert(o, &b) {
			bindings = append(bindings, b)
		}
	})
	denies := map[parameters]bool{}
	s.each(ctx, admissionPolicies, "", metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		var policy admissionv1.ValidatingAdmissionPolicy
		if !s.convert(o, &policy) {
			return
		}
		denied := !bound // a binding that wasn't read may deny
		for _, b := range bindings {
			if b.Spec.PolicyName != policy.Name {
				continue
			}
			deny := slices.Contains(b.Spec.ValidationActions, admissionv1.Deny)
			denied = denied || deny
			if ref := b.Spec.ParamRef; ref != nil && policy.Spec.ParamKind != nil {
				selector, err := metav1.LabelSelectorAsSelector(ref.Selector)
				if err != nil {
					s.unread("the parameters of the binding "+b.Name, err)
					continue
				}
				p := parameters{*policy.Spec.ParamKind, ref.Namespace, ref.Name, selector.String()}
				denies[p] = denies[p] || deny
			}
		}
		s.judge(o, denied)
	})
	for p, deny := range denies {
		s.parameters(ctx, p, deny)
	}
}

// parameters judges the objects of one paramRef. Without a namespace they are in
// that of the pod, whichever it is.
func (s *search) parameters(ctx context.Context, p parameters, deny bool) {
	k, err := s.kindNamed(ctx, p.kind.APIVersion, p.kind.Kind)
	if err != nil {
		s.unread(fmt.Sprintf("the parameters %s of %s", p.kind.Kind, p.kind.APIVersion), err)
		return
	}
	var options metav1.ListOptions
	if p.name != "" {
		options.FieldSelector = fields.OneTermEqualSelector("metadata.name", p.name).String()
	} else {
		options.LabelSelector = p.selector
	}
	s.each(ctx, k, p.namespace, options, func(o *unstructured.Unstructured) { s.judge(o, deny) })
}

func (s *search) convert(o *unstructured.Unstructured, into any) bool {
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, into)
	if err != nil {
		s.unread(subject(o), err)
	}
	return err == nil
}
