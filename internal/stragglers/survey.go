package stragglers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// Pod is one that names a source host.
type Pod struct {
	Namespace string
	Owner     string
	Images    []Image
}

// unfinished leaves out pods that pull nothing any more.
const unfinished = "status.phase!=Succeeded,status.phase!=Failed"

// Pods calls found with each unfinished pod of a namespace, or with "" of all,
// that names a source host.
func Pods(ctx context.Context, client corev1client.PodsGetter, r *rewrite.Rewriter, namespace string, optedOut map[string]bool, found func(Pod)) error {
	err := pages(ctx, metav1.ListOptions{FieldSelector: unfinished}, func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := client.Pods(namespace).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			pod := &page.Items[i]
			if list := images(r, podOf(pod), optedOut[pod.Namespace]); len(list) > 0 {
				found(Pod{Namespace: pod.Namespace, Owner: Owner(pod), Images: list})
			}
		}
		return page.Continue, nil
	})
	if err != nil {
		return fmt.Errorf("list pods: %w", err)
	}
	return nil
}

// OptedOut are the namespaces of whose pods the API server doesn't ask the
// webhook: kube-system, the product's own, and those with the opt-out label. With
// a namespace only that one is looked at. Where the namespaces can't be read, the
// first two are returned with the error.
func OptedOut(ctx context.Context, client corev1client.NamespacesGetter, namespace, product string) (map[string]bool, error) {
	names := map[string]bool{metav1.NamespaceSystem: true, product: true}
	optOut := labels.Set{podimages.OptOutLabel: "false"}.AsSelector()
	if namespace != "" {
		found, err := client.Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		if err != nil {
			return names, fmt.Errorf("get namespace %s: %w", namespace, err)
		}
		if optOut.Matches(labels.Set(found.Labels)) {
			names[namespace] = true
		}
		return names, nil
	}
	err := pages(ctx, metav1.ListOptions{LabelSelector: optOut.String()}, func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := client.Namespaces().List(ctx, o)
		if err != nil {
			return "", err
		}
		for _, n := range page.Items {
			names[n.Name] = true
		}
		return page.Continue, nil
	})
	if err != nil {
		return names, fmt.Errorf("list namespaces: %w", err)
	}
	return names, nil
}

// nodePages calls visit with each node.
func nodePages(ctx context.Context, client corev1client.NodesGetter, visit func(*corev1.Node)) error {
	err := pages(ctx, metav1.ListOptions{}, func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := client.Nodes().List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			visit(&page.Items[i])
		}
		return page.Continue, nil
	})
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	return nil
}
