package chart

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

func TestAResolverReportsForItsOwnNode(t *testing.T) {
	all := render(t, "--values="+example)
	p := newPolicy(t, get[admissionregistrationv1.ValidatingAdmissionPolicy](t, all, "ValidatingAdmissionPolicy", "registry-failover-leases").Spec)
	report := map[string]any{"app.kubernetes.io/part-of": "registry-failover", "app.kubernetes.io/component": "resolver"}
	const own = "a resolver may write only the Lease of its own node, node-a in the namespace registry-failover"
	const labels = "the Lease lacks the labels app.kubernetes.io/part-of: registry-failover and app.kubernetes.io/component: resolver, which tell it from others"
	tests := map[string]struct {
		account, tokenNode, in, lease string
		labels                        map[string]any
		want                          []string
	}{
		"its own":                              {"registry-failover-resolver", "node-a", namespace, "node-a", report, nil},
		"another node's":                       {"registry-failover-resolver", "node-a", namespace, "node-b", report, []string{own}},
		"leader election":                      {"registry-failover-resolver", "node-a", namespace, "registry-failover-controller", report, []string{own}},
		"kubelet's Lease of its node":          {"registry-failover-resolver", "node-a", "kube-node-lease", "node-a", report, []string{own}},
		"without labels":                       {"registry-failover-resolver", "node-a", namespace, "node-a", nil, []string{labels}},
		"with another component":               {"registry-failover-resolver", "node-a", namespace, "node-a", map[string]any{"app.kubernetes.io/part-of": "registry-failover", "app.kubernetes.io/component": "controller"}, []string{labels}},
		"with another account it is not asked": {"registry-failover-controller", "", namespace, "anything", nil, nil},
		"a token of no node": {
			"registry-failover-resolver", "", namespace, "node-a", report,
			[]string{"the token names no node: a resolver reports with the token that its pod got from kubelet", "a resolver may write only the Lease of its own node,  in the namespace registry-failover"},
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			metadata := map[string]any{"name": test.lease}
			if test.labels != nil {
				metadata["labels"] = test.labels
			}
			user := map[string]any{"username": "system:serviceaccount:registry-failover:" + test.account}
			if test.tokenNode != "" {
				user["extra"] = map[string]any{"authentication.kubernetes.io/node-name": []string{test.tokenNode}}
			}
			got := p.refusals(t, request{
				object:     map[string]any{"metadata": metadata},
				attributes: map[string]any{"operation": "CREATE", "namespace": test.in, "userInfo": user},
			})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
