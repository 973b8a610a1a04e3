package chart

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TestNetworkPoliciesOpenThePortsThatArePublished compares them with the ports of
// the pods that they select: no port of a workload is closed, and no other is open.
func TestNetworkPoliciesOpenThePortsThatArePublished(t *testing.T) {
	for sentence, arguments := range map[string][]string{
		"with all programs":       nil,
		"without the webhook":     {"--set=admission.mechanism=Policy"},
		"without nodes' resolver": {"--set=config.node.hosts=Off"},
		"without probers":         {"--set=prober.enabled=false"},
	} {
		t.Run(sentence, func(t *testing.T) {
			all := render(t, append([]string{"--values=" + example, "--set=networkPolicy.enabled=true"}, arguments...)...)
			want, got := map[string][]string{}, map[string][]string{}
			pods := map[string]corev1.PodTemplateSpec{}
			for _, o := range all {
				switch o.GetKind() {
				case "Deployment":
					pods[o.GetName()] = get[appsv1.Deployment](t, all, "Deployment", o.GetName()).Spec.Template
				case "DaemonSet":
					pods[o.GetName()] = get[appsv1.DaemonSet](t, all, "DaemonSet", o.GetName()).Spec.Template
				}
			}
			for name, pod := range pods {
				for _, p := range pod.Spec.Containers[0].Ports {
					protocol := p.Protocol
					if protocol == "" {
						protocol = corev1.ProtocolTCP
					}
					want[name] = append(want[name], fmt.Sprintf("%s/%s", p.Name, protocol))
				}
			}
			for _, o := range all {
				if o.GetKind() != "NetworkPolicy" {
					continue
				}
				policy := get[networkingv1.NetworkPolicy](t, all, "NetworkPolicy", o.GetName()).Spec
				selector, err := metav1.LabelSelectorAsSelector(&policy.PodSelector)
				if err != nil || len(policy.Ingress) != 1 || len(policy.Egress) > 0 {
					t.Fatalf("%s: %v, %v", o.GetName(), err, policy)
				}
				if closed := slices.Contains(policy.PolicyTypes, networkingv1.PolicyTypeEgress); closed != (o.GetName() == "registry-failover-webhook") {
					t.Errorf("%s: that nothing goes out is %t", o.GetName(), closed)
				}
				for name, pod := range pods {
					if !selector.Matches(labels.Set(pod.Labels)) {
						continue
					}
					for _, p := range policy.Ingress[0].Ports {
						got[name] = append(got[name], fmt.Sprintf("%s/%s", p.Port, *p.Protocol))
					}
				}
			}
			for _, ports := range []map[string][]string{want, got} {
				for name := range ports {
					slices.Sort(ports[name])
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-published +open):\n%s", diff)
			}
		})
	}
}

func TestNetworkPoliciesAreForThoseWhoAskForThem(t *testing.T) {
	for _, o := range render(t, "--values="+example) {
		if o.GetKind() == "NetworkPolicy" {
			t.Errorf("there is %s", o.GetName())
		}
	}
}
