package cli_test

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

// These are the paths that version asks for, besides the Leases'.
const (
	deploymentsPath = "/apis/apps/v1/namespaces/registry-failover/deployments"
	daemonSetsPath  = "/apis/apps/v1/namespaces/registry-failover/daemonsets"
)

// versionsAPI is a cluster in the middle of an upgrade. One Lease is of a prober
// that is no more, one of the controllers' election.
func versionsAPI() api {
	template := func(image string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: image}}}}
	}
	lease := func(component, version string, age time.Duration) coordinationv1.Lease {
		renewed, seconds := metav1.NewMicroTime(time.Now().Add(-age)), int32(600)
		return coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{
				Labels:      map[string]string{nodereport.Component: component},
				Annotations: map[string]string{nodereport.VersionAnnotation: version},
			},
			Spec: coordinationv1.LeaseSpec{RenewTime: &renewed, LeaseDurationSeconds: &seconds},
		}
	}
	election := lease("controller", "", 0)
	election.Annotations = nil
	const registry = "registry.example.com:5000/platform/registry-failover-"
	return api{
		deploymentsPath: appsv1.DeploymentList{Items: []appsv1.Deployment{
			{
				ObjectMeta: metav1.ObjectMeta{Name: "registry-failover-webhook"}, Spec: appsv1.DeploymentSpec{Template: template(registry + "webhook:0.2.0")},
				Status: appsv1.DeploymentStatus{Replicas: 2, ReadyReplicas: 2},
			},
			{
				ObjectMeta: metav1.ObjectMeta{Name: "registry-failover-controller"}, Spec: appsv1.DeploymentSpec{Template: template(registry + "controller@sha256:ab")},
				Status: appsv1.DeploymentStatus{Replicas: 2, ReadyReplicas: 1},
			},
		}},
		daemonSetsPath: appsv1.DaemonSetList{Items: []appsv1.DaemonSet{{
			ObjectMeta: metav1.ObjectMeta{Name: "registry-failover-resolver"}, Spec: appsv1.DaemonSetSpec{Template: template(registry + "resolver:0.2.0")},
			Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, NumberReady: 3},
		}}},
		leasesPath: coordinationv1.LeaseList{Items: []coordinationv1.Lease{
			lease("resolver", "v0.2.0", time.Minute), lease("resolver", "v0.1.0", time.Minute), lease("resolver", "v0.2.0", time.Second),
			lease("prober", "v0.2.0", time.Second), lease("prober", "v0.0.9", time.Hour), election,
		}},
	}
}
