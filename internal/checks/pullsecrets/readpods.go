package pullsecrets

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/stragglers"
)

// readPods finds the uses in all namespaces, or where that isn't allowed in those that
// the caller is likely to be allowed to.
func (s *survey) readPods(ctx context.Context) {
	namespaces, err := stragglers.ReadNamespaces(ctx, s.Core, "", s.Namespace, s.Config.Admission.Enforcement)
	labels := err
	err = stragglers.EachPod(ctx, s.Core, "", func(pod *corev1.Pod) { s.add(namespaces, pod) })
	if !apierrors.IsForbidden(err) {
		switch {
		case err != nil:
			s.unread = append(s.unread, unread("pods can't be listed", err, "list pods in all namespaces"))
		case labels != nil:
			s.unread = append(s.unread, unread("the labels of namespaces, by which some are left alone, can't be read", labels, "list namespaces"))
		}
		return
	}
	var looked []string
	for _, name := range s.likely() {
		namespaces, labels := stragglers.ReadNamespaces(ctx, s.Core, name, s.Namespace, s.Config.Admission.Enforcement)
		if err := stragglers.EachPod(ctx, s.Core, name, func(pod *corev1.Pod) { s.add(namespaces, pod) }); err != nil {
			s.unread = append(s.unread, unread("pods in the namespace "+name+" can't be listed", err, "list pods in the namespace "+name))
			continue
		}
		looked = append(looked, name)
		if labels != nil {
			s.unread = append(s.unread, unread("the labels of the namespace "+name+", by which it may be left alone, can't be read", labels, "get the namespace "+name))
		}
	}
	f := unread("pods of all namespaces can't be listed", err, "list pods in all namespaces")
	if len(looked) > 0 {
		f.Text = fmt.Sprintf("looked at were only the pods of %s: %s", strings.Join(looked, ", "), f.Text)
	}
	s.unread = append(s.unread, f)
}

// likely are the namespaces of the configuration and of the caller's context.
func (s *survey) likely() []string {
	names := slices.DeleteFunc(slices.Clone(s.Config.PullSecrets.Namespaces), func(n string) bool { return n == "*" })
	if s.Own != "" {
		names = append(names, s.Own)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unread tells what can't be done, and which right is missing where it is one.
func unread(what string, err error, right string) checks.Finding {
	f := checks.Finding{
		Level: checks.Unknown, Text: fmt.Sprintf("%s: %v", what, err),
		Remedy: "look again when the API server answers, and with a longer --timeout",
	}
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		f.Remedy = "use a kubeconfig that may " + right
	}
	return f
}
