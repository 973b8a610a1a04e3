package chart

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TestServicesLeadToTheirProgram follows each port of a Service to a port of the
// one workload that it selects.
func TestServicesLeadToTheirProgram(t *testing.T) {
	all := render(t, "--values="+example)
	var got []string
	for _, o := range all {
		if o.GetKind() != "Service" {
			continue
		}
		service := get[corev1.Service](t, all, "Service", o.GetName()).Spec
		for _, d := range all {
			if d.GetKind() != "Deployment" {
				continue
			}
			pod := get[appsv1.Deployment](t, all, "Deployment", d.GetName()).Spec.Template
			if !labels.SelectorFromSet(service.Selector).Matches(labels.Set(pod.Labels)) {
				continue
			}
			for _, p := range service.Ports {
				at := slices.IndexFunc(pod.Spec.Containers[0].Ports, func(c corev1.ContainerPort) bool { return c.Name == p.TargetPort.String() })
				if at < 0 {
					t.Errorf("%s: %s has no port %s", o.GetName(), d.GetName(), p.TargetPort.String())
					continue
				}
				to := pod.Spec.Containers[0].Ports[at]
				got = append(got, fmt.Sprintf("%s %d/%s to %s %d/%s", o.GetName(), p.Port, p.Protocol, d.GetName(), to.ContainerPort, to.Protocol))
			}
		}
	}
	want := []string{
		"registry-failover-resolver-dns 53/UDP to registry-failover-resolver-dns 5353/UDP",
		"registry-failover-resolver-dns 53/TCP to registry-failover-resolver-dns 5353/TCP",
		"registry-failover-webhook 443/ to registry-failover-webhook 9443/",
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWorkloadsSelectTheirPodsAndHaveTheirReplicas(t *testing.T) {
	all := render(t, "--values="+example, "--set=webhook.replicas=3,controller.replicas=4,dns.replicas=5")
	for name, want := range map[string]int32{"registry-failover-webhook": 3, "registry-failover-controller": 4, "registry-failover-resolver-dns": 5} {
		d := get[appsv1.Deployment](t, all, "Deployment", name).Spec
		if *d.Replicas != want {
			t.Errorf("%s has %d replicas", name, *d.Replicas)
		}
		selects(t, name, d.Selector, d.Template.Labels)
	}
	d := get[appsv1.DaemonSet](t, all, "DaemonSet", "registry-failover-resolver").Spec
	selects(t, "registry-failover-resolver", d.Selector, d.Template.Labels)
}

func selects(t *testing.T, name string, selector *metav1.LabelSelector, podLabels map[string]string) {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil || !s.Matches(labels.Set(podLabels)) {
		t.Errorf("%s selects %v and has pods with %v: %v", name, s, podLabels, err)
	}
}

// TestHooksEndBeforeHelmGivesUp: after 5 minutes, and with the uninstall's own
// wait of 2 minutes in between.
func TestHooksEndBeforeHelmGivesUp(t *testing.T) {
	all := render(t, "--values="+example)
	for name, retries := range map[string]int32{"registry-failover-uninstall": 0, "registry-failover-cleanup": 2, "registry-failover-precheck": 0} {
		job := get[batchv1.Job](t, all, "Job", name).Spec
		if *job.ActiveDeadlineSeconds < 240 || *job.ActiveDeadlineSeconds >= 300 || *job.BackoffLimit != retries || job.Template.Spec.RestartPolicy != corev1.RestartPolicyNever {
			t.Errorf("%s: deadline %d s, %d retries, restarts %s", name, *job.ActiveDeadlineSeconds, *job.BackoffLimit, job.Template.Spec.RestartPolicy)
		}
	}
}
