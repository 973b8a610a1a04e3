package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// tieLeases writes with the token of a resolver on a node: its own Lease, and
// what another node would write.
func (s *scenario) tieLeases(t *testing.T) {
	pod := podsOf(t, "resolver")[0]
	resolver := as(t, "registry-failover-resolver", &authenticationv1.BoundObjectReference{
		Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID,
	})
	leases := func(c *kubernetes.Clientset, name string) error {
		lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			"app.kubernetes.io/part-of": "registry-failover", "app.kubernetes.io/component": "resolver",
		}}}
		_, err := c.CoordinationV1().Leases(namespace).Create(t.Context(), lease, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	if err := leases(resolver, pod.Spec.NodeName); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("its own node's Lease: %v", err)
	}
	for name, c := range map[string]*kubernetes.Clientset{
		"another-node":                 resolver,
		pod.Spec.NodeName:              as(t, "registry-failover-resolver", nil), // a token that no pod is bound to names no node
		"registry-failover-controller": resolver,
	} {
		err := leases(c, name)
		if err == nil || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'registry-failover-leases'") {
			t.Errorf("the Lease %s: %v", name, err)
			continue
		}
		t.Log(err)
	}
}

// as returns a client with a token of one of the product's accounts.
func as(t *testing.T, account string, bound *authenticationv1.BoundObjectReference) *kubernetes.Clientset {
	t.Helper()
	token, err := node.Client.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), account,
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{BoundObjectRef: bound}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(node.Config)
	config.BearerToken = token.Status.Token
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// limitOperators asks what somebody with the operators' Role may do.
func (s *scenario) limitOperators(t *testing.T) {
	kubectl(t, "-n", namespace, "create", "rolebinding", "on-call", "--role", "registry-failover-operator", "--user", "oncall")
	defer kubectl(t, "-n", namespace, "delete", "rolebinding", "on-call")
	for question, want := range map[string]string{
		"get configmap/registry-failover":                  "yes",
		"patch configmap/registry-failover":                "yes",
		"update configmap/registry-failover":               "no",
		"delete configmap/registry-failover":               "no",
		"patch configmap/registry-failover-config":         "no",
		"patch configmap/registry-failover-state":          "no",
		"list configmaps":                                  "no",
		"get secret/registry-failover-webhook-certificate": "no",
		"get leases":  "no",
		"list leases": "yes",
	} {
		args := append([]string{"-n", namespace, "auth", "can-i", "--as", "oncall"}, strings.Fields(question)...)
		// It answers no with an exit code.
		output, err := node.Kubectl(t.Context(), args...)
		if got := strings.TrimSpace(output); got != want {
			t.Errorf("%s: %s %v, not %s", question, got, err, want)
		}
	}
}

// sweepLeases has a report of a node that was taken away.
func (s *scenario) sweepLeases(t *testing.T) {
	leases := node.Client.CoordinationV1().Leases(namespace)
	orphan := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "gone", Labels: map[string]string{
		"app.kubernetes.io/part-of": "registry-failover", "app.kubernetes.io/component": "resolver",
	}}}
	if _, err := leases.Create(t.Context(), orphan, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, "the Lease of a node that doesn't exist is gone", time.Minute, func(ctx context.Context) error {
		_, err := leases.Get(ctx, "gone", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			return fmt.Errorf("it is still there: %w", err)
		}
		return nil
	})
	for _, kept := range []string{node.Nodes[0].Name, "registry-failover-controller"} {
		if _, err := leases.Get(t.Context(), kept, metav1.GetOptions{}); err != nil {
			t.Error(err)
		}
	}
}
