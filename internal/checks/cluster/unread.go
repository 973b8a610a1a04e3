package cluster

import (
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/registry-failover/registry-failover/internal/checks"
)

// unread tells that objects could not be read, such as "pods in the namespace shop".
func unread(what string, err error) checks.Finding {
	f := checks.Finding{
		Level: checks.Unknown, Text: fmt.Sprintf("%s can't be listed: %v", what, err),
		Remedy: "look again when the API server answers",
	}
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		f.Remedy = "use a kubeconfig that may list " + what
	}
	return f
}
