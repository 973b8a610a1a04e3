package clusterdns

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/corefile"
)

// NodeLocal DNSCache, in namespace kube-system, as Kubernetes and ACK install it.
const nodeLocal = "node-local-dns"

// FindNodeLocal is one sentence about the NodeLocal DNSCache that stands in front
// of cluster DNS, with the settings by which it holds an answer for longer, or
// asks others than CoreDNS; "" when there is none.
func FindNodeLocal(ctx context.Context, apps appsv1client.DaemonSetsGetter, core corev1client.ConfigMapsGetter) (string, error) {
	_, err := apps.DaemonSets(metav1.NamespaceSystem).Get(ctx, nodeLocal, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("whether a NodeLocal DNSCache stands in front isn't known: %w", err)
	}
	what := fmt.Sprintf("A NodeLocal DNSCache stands in front of CoreDNS (DaemonSet %s/%s)", metav1.NamespaceSystem, nodeLocal)
	found, err := core.ConfigMaps(metav1.NamespaceSystem).Get(ctx, nodeLocal, metav1.GetOptions{})
	if err != nil {
		return fmt.Sprintf("%s, whose settings can't be read: %v.", what, err), nil
	}
	settings, err := rootSettings(found.Data[Key])
	if err != nil {
		return fmt.Sprintf("%s, whose settings can't be understood: %v.", what, err), nil
	}
	return fmt.Sprintf("%s, and has %s: it holds an answer for its TTL, 5 s at least, and with serve_stale for longer, "+
		"and the stanza counts only where its forward leads to CoreDNS.", what, settings), nil
}

// rootSettings are the directives cache and forward of the block for all names.
func rootSettings(text string) (string, error) {
	blocks, err := corefile.Parse(text)
	if err != nil {
		return "", err
	}
	for _, b := range blocks {
		if !b.Serves(".") {
			continue
		}
		found := append(b.Using("cache"), b.Using("forward")...)
		if len(found) == 0 {
			return "neither cache nor forward in its block for all names", nil
		}
		return "`" + strings.Join(found, "`, `") + "`", nil
	}
	return "", fmt.Errorf("there is no block for all names in ConfigMap %s/%s", metav1.NamespaceSystem, nodeLocal)
}
