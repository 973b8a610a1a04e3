package e2e

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/podimages"
)

const (
	someDigest = "@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

	originalsAnnotation = "registry-failover.io/original-images"
)

// dryRun is what the API server would store.
func dryRun(t *testing.T, pod *corev1.Pod) *corev1.Pod {
	t.Helper()
	stored, err := node.Client.CoreV1().Pods(pod.Namespace).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// everyField has an image in each field that a new pod may have one in, each
// with another of tag, digest, both and neither.
func everyField() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "every-field", Namespace: enforced},
		Spec: corev1.PodSpec{
			InitContainers: []corev1.Container{{Name: "init", Image: sourceHost + "/team/init"}},
			Containers: []corev1.Container{
				{Name: "tag", Image: sourceHost + "/team/web:1"}, {Name: "both", Image: sourceHost + "/team/web:1" + someDigest},
				{Name: "excluded", Image: sourceHost + "/local/tool:1"},
				{Name: "never", Image: sourceHost + "/team/web:1", ImagePullPolicy: corev1.PullNever},
			},
			Volumes: []corev1.Volume{
				{Name: "empty", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
				{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: sourceHost + "/team/model" + someDigest}}},
			},
		},
	}
}

func (s *scenario) rewriteEveryField(t *testing.T) {
	stored := dryRun(t, everyField())
	got := map[string]string{}
	for _, c := range append(stored.Spec.InitContainers, stored.Spec.Containers...) {
		got[c.Name] = c.Image
	}
	for _, v := range stored.Spec.Volumes {
		if v.Image != nil {
			got[v.Name] = v.Image.Reference
		}
	}
	want := map[string]string{
		"init": sharedHost + "/team/init", "tag": sharedHost + "/team/web:1", "both": sharedHost + "/team/web:1" + someDigest,
		"excluded": sourceHost + "/local/tool:1", "never": sourceHost + "/team/web:1", "model": sharedHost + "/team/model" + someDigest,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the stored images (-want +got):\n%s", diff)
	}
	originals := `{"spec.containers[0].image":"` + sourceHost + `/team/web:1","spec.containers[1].image":"` + sourceHost + `/team/web:1` + someDigest + `",` +
		`"spec.initContainers[0].image":"` + sourceHost + `/team/init","spec.volumes[1].image.reference":"` + sourceHost + `/team/model` + someDigest + `"}`
	if got := stored.Annotations[originalsAnnotation]; got != originals {
		t.Errorf("the originals are %s, not %s", got, originals)
	}
	awaitAudited(t, "enforced-pods.registry-failover.io/original-images", originals)
}

// countReasons creates pods of which nothing is rewritten.
func (s *scenario) countReasons(t *testing.T) {
	mirror := everyField()
	mirror.Annotations = map[string]string{"kubernetes.io/config.mirror": "3c1e"}
	mirror.Spec.NodeName = node.Nodes[0].Name
	out := everyField()
	out.Labels = map[string]string{podimages.OptOutLabel: "false"}
	never := everyField()
	never.Spec.Containers = never.Spec.Containers[3:]
	never.Spec.InitContainers, never.Spec.Volumes = nil, nil
	excluded := everyField()
	excluded.Spec.Containers = excluded.Spec.Containers[2:3]
	excluded.Spec.InitContainers, excluded.Spec.Volumes = nil, nil
	whole := func(reason string) map[string]int {
		return map[string]int{"initContainers " + reason: 1, "containers " + reason: 4, "volumes " + reason: 1}
	}
	elsewhere := everyField()
	elsewhere.Namespace = optedOut
	for what, test := range map[string]struct {
		pod  *corev1.Pod
		want map[string]int
	}{
		"a mirror pod":                       {mirror, whole("MirrorPod")},
		"a pod that opted out":               {out, whole("OptedOut")},
		"an image that is never pulled":      {never, map[string]int{"containers NeverPulled": 1}},
		"an excluded repository":             {excluded, map[string]int{"containers RepositoryExcluded": 1}},
		"a pod of a namespace that opts out": {elsewhere, map[string]int{}}, // the API server doesn't even ask
	} {
		before := imagesCounted(t)
		stored := dryRun(t, test.pod)
		if _, annotated := stored.Annotations[originalsAnnotation]; annotated || stored.Spec.Containers[0].Image != test.pod.Spec.Containers[0].Image {
			t.Errorf("%s became %+v", what, stored)
		}
		counted := imagesCounted(t)
		for key, count := range before {
			counted[key] -= count
		}
		maps.DeleteFunc(counted, func(_ string, count int) bool { return count == 0 })
		if diff := cmp.Diff(test.want, counted); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

// imagesCounted sums over all webhooks and endpoints what they have counted, by field and reason.
func imagesCounted(t *testing.T) map[string]int {
	t.Helper()
	counted := map[string]int{}
	for _, pod := range podsOf(t, "webhook") {
		page, err := get(t.Context(), "http://"+pod.Status.PodIP+":8080/metrics")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(page, "\n") {
			labels, isImages := strings.CutPrefix(line, "registry_failover_admission_images_total{")
			if !isImages {
				continue
			}
			labels, value, _ := strings.Cut(labels, "} ")
			count, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			counted[label(labels, "field")+" "+label(labels, "reason")] += count
		}
	}
	return counted
}

func label(labels, name string) string {
	_, value, _ := strings.Cut(labels, name+`="`)
	value, _, _ = strings.Cut(value, `"`)
	return value
}

// awaitAudited waits until the API server's audit log has an annotation, which it writes as it answers.
func awaitAudited(t *testing.T, key, value string) {
	t.Helper()
	await(t, "the audit log has "+key, 10*time.Second, func(context.Context) error {
		annotations, err := auditAnnotations(key)
		if err == nil && !annotations[value] {
			err = fmt.Errorf("it has %v, not %s", annotations, value)
		}
		return err
	})
}
