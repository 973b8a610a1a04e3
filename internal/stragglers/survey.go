package stragglers

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

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
func Pods(ctx context.Context, client corev1client.PodsGetter, r *rewrite.Rewriter, namespace string, namespaces Namespaces, found func(Pod)) error {
	return EachPod(ctx, client, namespace, func(pod *corev1.Pod) {
		if list := namespaces.Images(r, pod); len(list) > 0 {
			found(Pod{Namespace: pod.Namespace, Owner: Owner(pod), Images: list})
		}
	})
}

// EachPod calls visit with each unfinished pod of a namespace, or with "" of all.
func EachPod(ctx context.Context, client corev1client.PodsGetter, namespace string, visit func(*corev1.Pod)) error {
	err := pages(ctx, metav1.ListOptions{FieldSelector: unfinished}, func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := client.Pods(namespace).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			visit(&page.Items[i])
		}
		return page.Continue, nil
	})
	if err != nil {
		return fmt.Errorf("list pods: %w", err)
	}
	return nil
}

// pending chooses pods of which a container has never started, or waits to.
const pending = "status.phase=Pending"

// EachPending calls visit with each pod of the cluster that is Pending. The API server answers from
// its cache, which may be some seconds late: pages would have older ones read all pods
// from etcd. Where that is too long for [LimitAnswers] it is read in pages all the same.
func EachPending(ctx context.Context, client corev1client.PodsGetter, visit func(*corev1.Pod)) error {
	list := func(ctx context.Context, o metav1.ListOptions) (string, error) {
		o.FieldSelector = pending
		page, err := client.Pods(metav1.NamespaceAll).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			visit(&page.Items[i])
		}
		return page.Continue, nil
	}
	_, err := list(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if errors.Is(err, errLong) {
		err = pages(ctx, metav1.ListOptions{}, list)
	}
	if err != nil {
		return fmt.Errorf("list pending pods: %w", err)
	}
	return nil
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
