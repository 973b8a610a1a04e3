package cluster

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/registry-failover/registry-failover/internal/checks"
)

// told is how many policies are told one by one.
const told = 50

// imagePolicies looks at the cluster's policies about images: one that names a
// source host of an endpoint and not the endpoint itself refuses the pods that are
// rewritten, or no longer verifies them.
func imagePolicies(ctx context.Context, o Options) []checks.Finding {
	s := &search{kinds: o.Kinds, objects: o.Objects, hosts: hostsOf(o.Config)}
	return s.run(ctx)
}

func (s *search) run(ctx context.Context) []checks.Finding {
	kinds, err := s.kindsOf(ctx)
	if err != nil {
		return []checks.Finding{unread("the kinds of the API server", err)}
	}
	for _, k := range kinds {
		if k.Group == kritis {
			s.kritis(ctx, k)
			continue
		}
		s.each(ctx, k, "", metav1.ListOptions{}, func(o *unstructured.Unstructured) { s.judge(o, refuses(o)) })
	}
	s.admissionPolicies(ctx)
	s.connaisseur(ctx)
	if len(s.refused) > 0 {
		s.findings = append(s.findings, refusals(s.refused))
	}
	return summary(s.findings, s.looked)
}

// kritis is the group of Kritis and of ACK's kritis-validation-hook:
// https://www.alibabacloud.com/help/doc-detail/157328.htm
const kritis = "kritis.grafeas.io"

// kritis tells that there are policies of its, which name no host: whether it finds the
// signatures of an image that is named by the shared endpoint no document tells.
func (s *search) kritis(ctx context.Context, k kind) {
	n := 0
	s.each(ctx, k, "", metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		n++
		s.judge(o, true)
	})
	if n > 0 && k.Resource == "genericattestationpolicies" {
		s.findings = append(s.findings, checks.Finding{
			Level: checks.Unknown, Subject: k.what(),
			Text:   fmt.Sprintf("%d namespaced policies verify signatures without naming a host, and whether they find those of an image at the shared endpoint isn't known", n),
			Remedy: "try a signed image, named by the shared endpoint, with kubectl create --dry-run=server in a namespace of theirs",
		})
	}
}

// connaisseur looks at Connaisseur's configuration, which its chart keeps in a ConfigMap with this label.
func (s *search) connaisseur(ctx context.Context) {
	maps := kind{schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}}
	options := metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=connaisseur"}
	s.each(ctx, maps, "", options, func(o *unstructured.Unstructured) { s.judge(o, true) })
}

// summary puts the findings in order, the worst first, and tells the rest by number.
func summary(findings []checks.Finding, looked int) []checks.Finding {
	if len(findings) > 0 {
		return checks.Most(findings, told)
	}
	text := "no policies of the kinds that are known are there"
	if looked > 0 {
		text = fmt.Sprintf("none of %d policies names a source host without the shared endpoint", looked)
	}
	return []checks.Finding{{Level: checks.OK, Text: text}}
}
