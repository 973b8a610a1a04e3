package chart

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// TestThePrecheckLooksFromTheNode: where nodes take part in a failover the namespace
// must take the DaemonSet's pods, and so this one on the host's network.
func TestThePrecheckLooksFromTheNode(t *testing.T) {
	const name = "registry-failover-precheck"
	for hosts, onHost := range map[string]bool{"OnFailover": true, "Always": true, "Off": false} {
		all := render(t, "--values="+example, "--set-string=config.node.hosts="+hosts)
		pod := get[batchv1.Job](t, all, "Job", name).Spec.Template.Spec
		if pod.HostNetwork != onHost {
			t.Errorf("node.hosts %s: it is on the host's network: %t", hosts, pod.HostNetwork)
		}
		if pod.Affinity != nil != onHost {
			t.Errorf("node.hosts %s: it demands a node with a hosts file: %t", hosts, !onHost)
		}
		if *pod.AutomountServiceAccountToken || pod.ServiceAccountName != name {
			t.Errorf("node.hosts %s: %+v", hosts, pod)
		}
	}
}

// TestThePrecheckReadsTheNewConfiguration: the release's is made, or changed, only after it.
func TestThePrecheckReadsTheNewConfiguration(t *testing.T) {
	all := render(t, "--values="+example)
	pod := get[batchv1.Job](t, all, "Job", "registry-failover-precheck").Spec.Template.Spec
	own := get[corev1.ConfigMap](t, all, "ConfigMap", pod.Volumes[0].ConfigMap.Name)
	if diff := cmp.Diff(get[corev1.ConfigMap](t, all, "ConfigMap", "registry-failover-config").Data, own.Data); diff != "" {
		t.Error(diff)
	}
	if own.Annotations["helm.sh/hook"] != "pre-install,pre-upgrade" {
		t.Errorf("it is made by %q", own.Annotations["helm.sh/hook"])
	}
}

func TestThePrecheckCanBeTurnedOff(t *testing.T) {
	for _, o := range render(t, "--values="+example, "--set=precheck.enabled=false") {
		if o.GetName() == "registry-failover-precheck" {
			t.Errorf("there is a %s", o.GetKind())
		}
	}
}
