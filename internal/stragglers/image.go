package stragglers

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// Reasons why an image names a source host, beside those of podimages and rewrite.
const (
	// NotRewritten: the webhook would rewrite it now. It was away, not installed
	// yet or in Audit when the pod was admitted.
	NotRewritten rewrite.Reason = "NotRewritten"
	// NamespaceOptedOut: the API server asks for no pod of the namespace.
	NamespaceOptedOut rewrite.Reason = "NamespaceOptedOut"
	// Audited: enforcement is Audit in the namespace.
	Audited rewrite.Reason = "Audited"
)

// Reasons are all that an Image can have.
var Reasons = []rewrite.Reason{
	NotRewritten, Audited, podimages.OptedOut, NamespaceOptedOut, podimages.NeverPulled, podimages.MirrorPod, rewrite.RepositoryExcluded,
}

var sentences = map[rewrite.Reason]string{
	NotRewritten:      "the webhook has not rewritten it: a new pod gets the new name",
	NamespaceOptedOut: "the webhook is not asked about pods of this namespace",
	Audited:           "enforcement is Audit here, so that the webhook changes nothing",
}

// Sentence says one of the Reasons for people.
func Sentence(r rewrite.Reason) string {
	if s, known := sentences[r]; known {
		return s
	}
	return podimages.Sentence(r)
}

// Image is a reference in a pod that names a source host.
type Image struct {
	// Image is the reference as the pod has it.
	Image string
	// Rewritten is what it becomes in a pod that is made anew; Image where that is left alone.
	Rewritten string
	// Endpoint is the shared endpoint that the host stands for.
	Endpoint string
	Reason   rewrite.Reason
	// IfNotPresent is the pull policy of a container that names it: a node that has the image pulls nothing.
	IfNotPresent bool
}

// Images are those of a pod that name a source host, each with its reason once.
func (n Namespaces) Images(r *rewrite.Rewriter, pod *corev1.Pod) []Image {
	return images(r, podOf(pod), n.keep(pod.Namespace))
}

// images are those of one pod. Keep is the reason of what the webhook would rewrite elsewhere; empty when it does here.
func images(r *rewrite.Rewriter, pod *podimages.Pod, keep rewrite.Reason) []Image {
	var found []Image
	at := map[Image]int{} // without the pull policy, by which containers may differ
	for _, f := range podimages.Evaluate(r, pod) {
		host := r.Rewrite(f.Field.Image) // a pod that is left alone as a whole was not looked at
		if host.Endpoint == "" || host.Reason == rewrite.AlreadyShared {
			continue
		}
		image := Image{
			Image: f.Field.Image, Rewritten: f.Result.Image, Endpoint: host.Endpoint, Reason: f.Result.Reason,
		}
		if f.Result.Changed() {
			image.Reason = NotRewritten
			if keep != "" {
				image.Reason, image.Rewritten = keep, image.Image
			}
		}
		if _, seen := at[image]; !seen {
			at[image] = len(found)
			found = append(found, image)
		}
		if f.Field.PullPolicy == string(corev1.PullIfNotPresent) {
			found[at[image]].IfNotPresent = true
		}
	}
	return found
}

// podOf takes from a pod what podimages wants.
func podOf(pod *corev1.Pod) *podimages.Pod {
	p := &podimages.Pod{Metadata: podimages.Metadata{
		Name: pod.Name, GenerateName: pod.GenerateName, Namespace: pod.Namespace, Labels: pod.Labels, Annotations: pod.Annotations,
	}}
	for _, c := range pod.Spec.InitContainers {
		p.Spec.InitContainers = append(p.Spec.InitContainers, podimages.Container{Name: c.Name, Image: c.Image, ImagePullPolicy: string(c.ImagePullPolicy)})
	}
	for _, c := range pod.Spec.Containers {
		p.Spec.Containers = append(p.Spec.Containers, podimages.Container{Name: c.Name, Image: c.Image, ImagePullPolicy: string(c.ImagePullPolicy)})
	}
	for _, c := range pod.Spec.EphemeralContainers {
		p.Spec.EphemeralContainers = append(p.Spec.EphemeralContainers, podimages.Container{Name: c.Name, Image: c.Image, ImagePullPolicy: string(c.ImagePullPolicy)})
	}
	for _, v := range pod.Spec.Volumes {
		volume := podimages.Volume{Name: v.Name}
		if v.Image != nil {
			volume.Image = &podimages.ImageVolume{Reference: v.Image.Reference, PullPolicy: string(v.Image.PullPolicy)}
		}
		p.Spec.Volumes = append(p.Spec.Volumes, volume)
	}
	return p
}

// Shared are the references of a pod that name a shared endpoint already and are
// pulled, each once.
func Shared(r *rewrite.Rewriter, pod *corev1.Pod) []rewrite.Result {
	var found []rewrite.Result
	for _, f := range podOf(pod).Spec.Fields() {
		result := r.Rewrite(f.Image)
		if result.Reason == rewrite.AlreadyShared && f.PullPolicy != string(corev1.PullNever) && !slices.Contains(found, result) {
			found = append(found, result)
		}
	}
	return found
}
