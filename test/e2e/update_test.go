package e2e

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// updateInPlace changes a pod that was admitted as it was written, in a namespace
// that said Audit then and says Enforce now.
func (s *scenario) updateInPlace(t *testing.T) {
	pods := node.Client.CoreV1().Pods(audited)
	if _, err := pods.Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "in-place"},
		Spec: corev1.PodSpec{
			// It is never scheduled, so that nothing is pulled.
			SchedulingGates: []corev1.PodSchedulingGate{{Name: "example.com/never"}},
			Containers: []corev1.Container{
				{Name: "changed", Image: sourceHost + "/team/web:1"}, {Name: "unchanged", Image: sourceHost + "/team/web:1"},
			},
		},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", audited, "debug", "in-place", "--attach=false", "--container=audited", "--image="+sourceHost+"/team/debug:1")
	awaitAudited(t, "audited-pods.registry-failover.io/original-images", `{"spec.ephemeralContainers[0].image":"`+sourceHost+`/team/debug:1"}`)

	kubectl(t, "label", "--overwrite", "namespace", audited, "registry-failover.io/enforcement=Enforce")
	awaitImages(t, map[string]string{audited: sharedImage})
	kubectl(t, "-n", audited, "label", "pod", "in-place", "of-no=interest")
	pod, err := pods.Get(t.Context(), "in-place", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := imagesOf(pod), []string{sourceHost + "/team/web:1", sourceHost + "/team/web:1", sourceHost + "/team/debug:1"}; !slices.Equal(got, want) {
		t.Errorf("after an update that changes no image they are %q", got)
	}

	kubectl(t, "-n", audited, "set", "image", "pod/in-place", "changed="+sourceHost+"/team/web:2")
	kubectl(t, "-n", audited, "debug", "in-place", "--attach=false", "--container=enforced", "--image="+sourceHost+"/team/debug:2"+someDigest)
	awaitAudited(t, "enforced-pods.registry-failover.io/original-images",
		`{"spec.ephemeralContainers[1].image":"`+sourceHost+`/team/debug:2`+someDigest+`"}`)
	if pod, err = pods.Get(t.Context(), "in-place", metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	client, texts := warnedClient(t)
	pod.Spec.EphemeralContainers = append(pod.Spec.EphemeralContainers, corev1.EphemeralContainer{
		EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "warned", Image: sourceHost + "/team/debug"},
	})
	if pod, err = client.CoreV1().Pods(audited).UpdateEphemeralContainers(t.Context(), "in-place", pod, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		sharedHost + "/team/web:2", sourceHost + "/team/web:1",
		sourceHost + "/team/debug:1", sharedHost + "/team/debug:2" + someDigest, sharedHost + "/team/debug",
	}, imagesOf(pod)); diff != "" {
		t.Errorf("the stored images (-want +got):\n%s", diff)
	}
	if got, want := pod.Annotations[originalsAnnotation], `{"spec.containers[0].image":"`+sourceHost+`/team/web:2"}`; got != want {
		t.Errorf("the originals are %s, not %s", got, want)
	}
	want := warnings{"registry-failover rewrote spec.ephemeralContainers[2].image from " + sourceHost + "/team/debug to " + sharedHost + "/team/debug"}
	if diff := cmp.Diff(&want, texts); diff != "" {
		t.Errorf("the warnings (-want +got):\n%s", diff)
	}
	deletePod(t, audited, "in-place")
}

// imagesOf are those of a pod's containers, then of the ephemeral ones.
func imagesOf(pod *corev1.Pod) []string {
	var images []string
	for _, c := range pod.Spec.Containers {
		images = append(images, c.Image)
	}
	for _, c := range pod.Spec.EphemeralContainers {
		images = append(images, c.Image)
	}
	return images
}
