package cluster

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/registry-failover/registry-failover/internal/checks"
)

// unread adds what could not be read to the findings, or to the rights that are missing.
func (s *search) unread(what string, err error) {
	if apierrors.IsForbidden(err) {
		s.refused = append(s.refused, refusal{what, err})
		return
	}
	s.findings = append(s.findings, unread(what, err))
}

// A refusal is a right that is missing.
type refusal struct {
	what string
	err  error
}

// refusals tells all missing rights as one finding: a cluster may have a kind for each of
// fifty templates.
func refusals(all []refusal) checks.Finding {
	if len(all) == 1 {
		return unread(all[0].what, all[0].err)
	}
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = r.what
	}
	return checks.Finding{
		Level: checks.Unknown, Text: "these may not be listed with this kubeconfig: " + strings.Join(names, ", "),
		Remedy: "use a kubeconfig that may list them",
	}
}

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
