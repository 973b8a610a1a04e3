package readiness

import (
	"testing"

	"k8s.io/client-go/kubernetes/fake"

	"github.com/registry-failover/registry-failover/internal/stragglers"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// namespaces are those of a cluster in which everything is rewritten.
func namespaces(t testing.TB) stragglers.Namespaces {
	t.Helper()
	n, err := stragglers.ReadNamespaces(t.Context(), fake.NewClientset().CoreV1(), "", "registry-failover", config.Enforce)
	must(t, err)
	return n
}
