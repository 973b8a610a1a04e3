package stragglers

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Owner is who makes a pod anew, as Kind/name: the pod's controller, or the pod
// itself where it has none. It is told by the pod alone, so a ReplicaSet that is
// named as those of a Deployment are stands for the Deployment.
func Owner(pod *corev1.Pod) string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return "Pod/" + pod.Name
	}
	hash := pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	if owner.Kind == "ReplicaSet" && hash != "" {
		if deployment, ofOne := strings.CutSuffix(owner.Name, "-"+hash); ofOne {
			return "Deployment/" + deployment
		}
	}
	return owner.Kind + "/" + owner.Name
}
