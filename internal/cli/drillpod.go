package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/drill"
)

// drillLabel marks the pod of a drill.
const drillLabel = "registry-failover.io/drill"

// drillContainer is the pod's own: others may be added to it as it is made.
const drillContainer = "pull"

// nothing is a program that no image has: the container never starts, once the image is
// there, and nothing of it runs.
const nothing = "/registry-failover-drill-runs-nothing"

// source is an image, and what a pod pulls it with.
type source struct {
	image, account string
	secrets        []corev1.LocalObjectReference
}

// choose takes one of the images that a pod of the namespace has, with what this one pulls it
// with; else the first, with what is given to every pod there.
func (d *drillRun) choose(ctx context.Context, images []string) source {
	pods, err := d.cluster.Core.Pods(d.podNamespace).List(ctx, metav1.ListOptions{Limit: 500})
	if err == nil { // without the right to list them there is a choice, too
		for _, p := range pods.Items {
			for _, c := range p.Spec.Containers {
				if slices.Contains(images, c.Image) && p.Labels[drillLabel] == "" {
					return source{c.Image, p.Spec.ServiceAccountName, p.Spec.ImagePullSecrets}
				}
			}
		}
	}
	return source{image: images[0]}
}

// drillPod pulls an image on a node, and meets Pod Security "restricted".
func drillPod(namespace, node string, from source) *corev1.Pod {
	yes, no, nobody, deadline, atOnce := true, false, int64(65534), int64(300), int64(0)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "registry-failover-drill-" + strings.ToLower(rand.Text()[:10]), Labels: map[string]string{drillLabel: "true"}},
		Spec: corev1.PodSpec{
			ServiceAccountName: from.account, ImagePullSecrets: from.secrets,
			NodeName: node, RestartPolicy: corev1.RestartPolicyNever, ActiveDeadlineSeconds: &deadline, TerminationGracePeriodSeconds: &atOnce,
			AutomountServiceAccountToken: &no, EnableServiceLinks: &no,
			Tolerations:     []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &yes, RunAsUser: &nobody, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
			Containers: []corev1.Container{{
				Name: drillContainer, Image: from.image, ImagePullPolicy: corev1.PullAlways, Command: []string{nothing},
				SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
			}},
		},
	}
}

// pull has a pod on the first of the nodes pull one of the images, and takes it away again.
func (d *drillRun) pull(ctx context.Context, images []string, times *drill.Times) (part drill.Part) {
	part = drill.Part{Part: drill.Pull, Outcome: drill.Unknown, Details: []string{}}
	if len(images) == 0 {
		part.Text = "no pod was made: no image of the sample could be read"
		return part
	}
	pods := d.cluster.Core.Pods(d.podNamespace)
	from := d.choose(ctx, images)
	image, begin := from.image, time.Now()
	pod := drillPod(d.podNamespace, d.moving[0], from)
	_, err := pods.Create(ctx, pod, metav1.CreateOptions{})
	if apierrors.IsForbidden(err) || apierrors.IsInvalid(err) {
		part.Text = "no pod could be made: " + err.Error()
		return part
	}
	defer func() { // also where nobody knows whether it was made
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := pods.Delete(ctx, pod.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			part.Details = append(part.Details, fmt.Sprintf("the pod %s/%s is left: delete it: %v", d.podNamespace, pod.Name, err))
		}
	}()
	if err != nil {
		part.Text = "no pod could be made: " + err.Error()
		return part
	}
	why := ""
	for time.Since(begin) < d.timeout {
		now, err := pods.Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			part.Text = "what became of the pod isn't known: " + err.Error()
			return part
		}
		var there bool
		if there, why = pulled(now); there {
			times.Pulled = time.Since(begin)
			part.Outcome = drill.Passed
			part.Text = fmt.Sprintf("%s was there on %s %.1f s after a pod was made", image, d.moving[0], times.Pulled.Seconds())
			return part
		}
		if now.Status.Phase == corev1.PodFailed {
			break
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			part.Text = "it was not waited for any longer"
			return part
		}
	}
	part.Outcome, part.Text = drill.Failed, fmt.Sprintf("%s was not there on %s after %.0f s: %s", image, d.moving[0], time.Since(begin).Seconds(), why)
	return part
}

// pulled tells whether the pod's image is there: its container could be made, and then
// not be started. Else why is what kubelet says.
func pulled(pod *corev1.Pod) (there bool, why string) {
	at := slices.IndexFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool { return s.Name == drillContainer })
	if at < 0 {
		return false, "kubelet has said nothing of it " + pod.Status.Reason
	}
	s := pod.Status.ContainerStatuses[at]
	switch {
	case s.State.Terminated != nil, s.State.Running != nil, s.LastTerminationState.Terminated != nil:
		return s.ImageID != "", "it has no image"
	case s.State.Waiting != nil:
		w := s.State.Waiting
		made := w.Reason == "CreateContainerConfigError" || w.Reason == "CreateContainerError" || w.Reason == "RunContainerError"
		return made, w.Reason + " " + w.Message
	}
	return false, "kubelet has said nothing of it"
}
