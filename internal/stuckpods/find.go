package stuckpods

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/stragglers"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// A Pod is one that waits for an image.
type Pod struct {
	Namespace, Name string
	UID             types.UID
	// Version is the resourceVersion of the pod that was judged.
	Version string
	// Owner is who makes it anew, for people: Kind/name.
	Owner string
	// Replaces is the kind of the controller, of apps/v1, that replaces the pod when it is
	// deleted and counts that as nothing else; empty where there is none.
	Replaces string
	Node     string
	// Endpoint is the shared endpoint that Image names; both are empty where a pod that is
	// Pulling waits for no image of one.
	Endpoint, Image string
	// Since is when the wait can have begun at the earliest, by the node's clock.
	Since time.Time
	// Pulling says that no pull has failed yet: one is in flight, or waits for one that is.
	// Otherwise kubelet is in back-off, or tries again.
	Pulling bool
	// NeverRan says that no container of the pod was ever made.
	NeverRan bool
	// Pending says that the pod is found by that phase.
	Pending bool
}

// backOff are kubelet's reasons for a container whose pull has failed, whether it waits to
// try again or tries already.
var backOff = map[string]bool{"ErrImagePull": true, "ImagePullBackOff": true, "RegistryUnavailable": true}

// notYet are kubelet's reasons for a container for which nothing has failed yet.
var notYet = map[string]bool{"ContainerCreating": true, "PodInitializing": true}

// Find tells what a pod waits for; false where it waits for no image. Of a pod that is in
// back-off for images of other registries alone it says false, and of one that is Pulling
// it says so whatever the image: all pulls of a node may wait for one. Ephemeral
// containers don't count: their failure holds nothing up.
func Find(r *rewrite.Rewriter, pod *corev1.Pod) (Pod, bool) {
	if pod.DeletionTimestamp != nil || pod.Spec.NodeName == "" {
		return Pod{}, false
	}
	found := Pod{
		Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, Version: pod.ResourceVersion,
		Owner: stragglers.Owner(pod), Replaces: replacedBy(pod), Node: pod.Spec.NodeName,
		NeverRan: neverRan(pod), Pending: pod.Status.Phase == corev1.PodPending,
	}
	for _, c := range containers(pod) {
		if c.status.State.Waiting == nil || !backOff[c.status.State.Waiting.Reason] {
			continue
		}
		if found.Endpoint, found.Image = shared(r, pod, c.spec); found.Endpoint != "" {
			found.Since = since(pod, c.status)
			return found, true
		}
	}
	next, there := firstPull(pod)
	if !there {
		return Pod{}, false
	}
	found.Pulling, found.Since = true, since(pod, next.status)
	found.Endpoint, found.Image = shared(r, pod, next.spec)
	return found, true
}

// container is one of a pod, with what kubelet says of it.
type container struct {
	spec   corev1.Container
	status corev1.ContainerStatus
	init   bool
}

// containers are those of a pod that have a status, in the order in which they start.
func containers(pod *corev1.Pod) []container {
	var all []container
	add := func(specs []corev1.Container, statuses []corev1.ContainerStatus, init bool) {
		for _, spec := range specs {
			for _, status := range statuses {
				if status.Name == spec.Name {
					all = append(all, container{spec, status, init})
				}
			}
		}
	}
	add(pod.Spec.InitContainers, pod.Status.InitContainerStatuses, true)
	add(pod.Spec.Containers, pod.Status.ContainerStatuses, false)
	return all
}

// firstPull is the container for whose image a pod waits that has its sandbox, and with it
// its volumes and its network; none where another thing is waited for.
func firstPull(pod *corev1.Pod) (container, bool) {
	if !isTrue(pod, corev1.PodReadyToStartContainers) {
		return container{}, false
	}
	for _, c := range containers(pod) {
		if c.letsTheNextStart() {
			continue
		}
		waiting := c.status.State.Waiting
		return c, waiting != nil && notYet[waiting.Reason] && c.status.LastTerminationState.Terminated == nil && c.spec.ImagePullPolicy != corev1.PullNever
	}
	return container{}, false
}

// letsTheNextStart says whether kubelet goes on to the container after this one.
func (c container) letsTheNextStart() bool {
	sidecar := c.spec.RestartPolicy != nil && *c.spec.RestartPolicy == corev1.ContainerRestartPolicyAlways
	switch {
	case !c.init:
		return c.status.State.Waiting == nil
	case sidecar:
		return c.status.Started != nil && *c.status.Started
	}
	return c.status.State.Terminated != nil && c.status.State.Terminated.ExitCode == 0
}

func isTrue(pod *corev1.Pod, condition corev1.PodConditionType) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == condition {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// shared is the endpoint that a container waits for, and its image: of itself, or of a
// volume that it mounts, whose failure kubelet tells as the container's.
func shared(r *rewrite.Rewriter, pod *corev1.Pod, c corev1.Container) (endpoint, image string) {
	images := []string{c.Image}
	for _, mount := range c.VolumeMounts {
		for _, volume := range pod.Spec.Volumes {
			if volume.Name == mount.Name && volume.Image != nil {
				images = append(images, volume.Image.Reference)
			}
		}
	}
	for _, image := range images {
		if result := r.Rewrite(image); result.Reason == rewrite.AlreadyShared {
			return result.Endpoint, image
		}
	}
	return "", ""
}

// since is when a container can have begun to wait: when kubelet took the pod, when the
// container itself ended, or when what had to end before it did.
func since(pod *corev1.Pod, status corev1.ContainerStatus) time.Time {
	begin := pod.CreationTimestamp.Time
	if pod.Status.StartTime != nil {
		begin = pod.Status.StartTime.Time
	}
	later := func(s *corev1.ContainerStateTerminated) {
		if s != nil && s.FinishedAt.After(begin) {
			begin = s.FinishedAt.Time
		}
	}
	later(status.LastTerminationState.Terminated)
	for _, s := range pod.Status.InitContainerStatuses {
		later(s.State.Terminated)
	}
	return begin
}

// neverRan is sure of a pod only that has a status for each container, none of which tells
// of anything but waiting.
func neverRan(pod *corev1.Pod) bool {
	if pod.Status.Phase != corev1.PodPending || len(pod.Spec.EphemeralContainers) > 0 {
		return false
	}
	all := containers(pod)
	if len(all) != len(pod.Spec.InitContainers)+len(pod.Spec.Containers) {
		return false
	}
	for _, c := range all {
		s := c.status
		if s.State.Waiting == nil || s.LastTerminationState != (corev1.ContainerState{}) || s.RestartCount > 0 || s.ContainerID != "" || s.Started != nil && *s.Started {
			return false
		}
	}
	return true
}

// replacedBy is the kind of the pod's controller where a deleted pod is replaced and means
// nothing else. To a Job, as to most controllers of others that run something to its end,
// it is a failure: Kubernetes counts it against backoffLimit.
func replacedBy(pod *corev1.Pod) string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || owner.APIVersion != appsv1.SchemeGroupVersion.String() {
		return ""
	}
	switch owner.Kind {
	case "ReplicaSet", "StatefulSet", "DaemonSet":
		return owner.Kind
	}
	return ""
}
