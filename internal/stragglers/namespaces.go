package stragglers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// enforcementLabel on a namespace, with the value Enforce or Audit, overrides
// the configuration there; any other value counts as none.
const enforcementLabel = "registry-failover.io/enforcement"

// Namespaces tell in which namespaces new pods keep their images, and why. With
// the zero value they do in none.
type Namespaces struct {
	named  map[string]rewrite.Reason
	others rewrite.Reason
}

// keep is the reason for which new pods of a namespace keep their images; empty
// where the webhook rewrites them.
func (n Namespaces) keep(namespace string) rewrite.Reason {
	if reason, named := n.named[namespace]; named {
		return reason
	}
	return n.others
}

// ReadNamespaces reads the labels of the namespaces, or of the only one that
// matters. Of kube-system and the product's own the API server never asks the
// webhook. Where labels can't be read, the error comes with what is known without them.
func ReadNamespaces(ctx context.Context, client corev1client.NamespacesGetter, only, product string, enforcement config.Enforcement) (Namespaces, error) {
	known := Namespaces{
		named:  map[string]rewrite.Reason{metav1.NamespaceSystem: NamespaceOptedOut, product: NamespaceOptedOut},
		others: keepOf(nil, enforcement),
	}
	add := func(n *corev1.Namespace) {
		if _, never := known.named[n.Name]; !never {
			known.named[n.Name] = keepOf(n.Labels, enforcement)
		}
	}
	if only != "" {
		found, err := client.Namespaces().Get(ctx, only, metav1.GetOptions{})
		if err != nil {
			return known, fmt.Errorf("get namespace %s: %w", only, err)
		}
		add(found)
		return known, nil
	}
	err := pages(ctx, metav1.ListOptions{}, func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := client.Namespaces().List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			add(&page.Items[i])
		}
		return page.Continue, nil
	})
	if err != nil {
		return known, fmt.Errorf("list namespaces: %w", err)
	}
	return known, nil
}

// keepOf decides as the chart's namespaceSelectors do.
func keepOf(labels map[string]string, enforcement config.Enforcement) rewrite.Reason {
	if labels[podimages.OptOutLabel] == "false" {
		return NamespaceOptedOut
	}
	if label := config.Enforcement(labels[enforcementLabel]); label == config.Enforce || label == config.Audit {
		enforcement = label
	}
	if enforcement == config.Audit {
		return Audited
	}
	return ""
}
