package uninstall

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
)

// CleanupPullSecrets deletes the companions and minted Secrets in namespaces, by
// their labels, or in all where that is "*". It uses Client, Namespace, PullSecrets
// and Out, and reads no Secret. [Cleanup] comes before: it waits until nothing runs
// that writes them again. A namespace that is gone is in order.
func CleanupPullSecrets(ctx context.Context, o Options) error {
	err := untilNil(ctx, func() error { return o.deletePullSecrets(ctx) })
	if err != nil {
		return err
	}
	o.say("Deleted are all companions of pull secrets, and minted ones.")
	return nil
}

func (o Options) deletePullSecrets(ctx context.Context) error {
	namespaces := o.PullSecrets
	if len(namespaces) == 1 && namespaces[0] == "*" {
		var err error
		if namespaces, err = o.allNamespaces(ctx); err != nil {
			return err
		}
	}
	var failures []error
	for _, n := range namespaces {
		if n == metav1.NamespaceSystem || n == o.Namespace {
			continue // nothing was ever written there
		}
		err := o.Client.CoreV1().Secrets(n).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: ownedsecrets.Selector})
		if err != nil && !apierrors.IsNotFound(err) {
			failures = append(failures, fmt.Errorf("%w: run `kubectl -n %s delete secret -l %s`", err, n, ownedsecrets.Label))
		}
	}
	return errors.Join(failures...)
}

func (o Options) allNamespaces(ctx context.Context) ([]string, error) {
	var names []string
	for options := (metav1.ListOptions{Limit: 500}); ; {
		page, err := o.Client.CoreV1().Namespaces().List(ctx, options)
		if err != nil {
			return nil, fmt.Errorf("the namespaces can't be listed: %w: run `kubectl delete secret -A -l %s`", err, ownedsecrets.Label)
		}
		for i := range page.Items {
			names = append(names, page.Items[i].Name)
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return names, nil
		}
	}
}
