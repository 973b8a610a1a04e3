package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/pager"

	"github.com/registry-failover/registry-failover/internal/checks"
)

const (
	// page is how many objects are read at once: a policy may have 1 MiB.
	page = 100
	// most is how many objects of a kind are looked at.
	most = 5000
)

// errMore ends a list that is longer than most.
var errMore = fmt.Errorf("there are more than %d", most)

// A search is one run of the check.
type search struct {
	kinds   discovery.DiscoveryInterfaceWithContext
	objects dynamic.Interface
	hosts   []hosts

	// looked is how many objects were judged.
	looked   int
	findings []checks.Finding
	refused  []refusal
}

// each calls take with each object of a kind that the options select, page by page, but
// for the product's own. What can't be read becomes a finding. It returns whether
// all were read.
func (s *search) each(ctx context.Context, k kind, namespace string, options metav1.ListOptions, take func(*unstructured.Unstructured)) bool {
	var in dynamic.ResourceInterface = s.objects.Resource(k.GroupVersionResource)
	if namespace != "" {
		in = s.objects.Resource(k.GroupVersionResource).Namespace(namespace)
	}
	pages := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return in.List(ctx, o) })
	pages.PageSize, pages.PageBufferSize = page, 1
	n := 0
	err := pages.EachListItem(ctx, options, func(object runtime.Object) error {
		o, ok := object.(*unstructured.Unstructured)
		if !ok {
			return fmt.Errorf("a list holds a %T", object)
		}
		if n++; n > most {
			return errMore
		}
		if o.GetLabels()["app.kubernetes.io/part-of"] != "registry-failover" {
			take(o)
		}
		return nil
	})
	switch {
	case err == nil, apierrors.IsNotFound(err): // the kind has gone meanwhile
		return true
	case errors.Is(err, errMore):
		s.findings = append(s.findings, checks.Finding{
			Level: checks.Unknown, Subject: k.what(), Text: fmt.Sprintf("there are more than %d, and only the first were looked at", most),
			Remedy: "look at the others yourself: each that names a source host needs the shared endpoint beside it",
		})
	default:
		what := k.what()
		if namespace != "" {
			what += " in the namespace " + namespace
		}
		s.unread(what, err)
	}
	return false
}

// judge adds a finding for each endpoint of which the object names source hosts only.
// Refuses says whether the object can refuse a pod.
func (s *search) judge(o *unstructured.Unstructured, refuses bool) {
	s.looked++
	all := phrases(o)
	for _, h := range s.hosts {
		if anyNames(all, h.endpoint) {
			continue
		}
		var named []string
		for _, source := range h.sources() {
			if anyNames(all, source) {
				named = append(named, source)
			}
		}
		if len(named) == 0 {
			continue
		}
		f := checks.Finding{
			Level: checks.Failed, Endpoint: h.endpoint, Subject: subject(o),
			Text:   fmt.Sprintf("names %s and not %s: pods that are rewritten to that are refused, or no longer verified", strings.Join(named, ", "), h.endpoint),
			Remedy: fmt.Sprintf("add %s beside each of them", h.endpoint),
		}
		if !refuses {
			f.Level = checks.Warning
			f.Text += "; today it refuses nothing"
		}
		s.findings = append(s.findings, f)
	}
}

// subject names an object as kind/name or kind/namespace/name.
func subject(o *unstructured.Unstructured) string {
	if o.GetNamespace() != "" {
		return o.GetKind() + "/" + o.GetNamespace() + "/" + o.GetName()
	}
	return o.GetKind() + "/" + o.GetName()
}
