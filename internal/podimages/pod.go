package podimages

import "strconv"

// OptOutLabel on a pod, with the value "false", leaves its images alone. On a
// namespace the API server honours it, through the webhook's namespaceSelector.
const OptOutLabel = "registry-failover.io/rewrite"

// OriginalsAnnotation on a pod holds the references of its rewritten images as they
// were written: a JSON object from field path to reference.
const OriginalsAnnotation = "registry-failover.io/original-images"

// mirrorAnnotation marks the API server's copy of a static pod: kubelet runs
// what its file says, whatever the copy says.
const mirrorAnnotation = "kubernetes.io/config.mirror"

// Pod is what matters here of a v1 Pod, or of the template of one. Decode it
// with a decoder that compares names with case, as the API server does: with
// another one a Field's Pointer may lead nowhere, and its patch would fail.
type Pod struct {
	Metadata Metadata `json:"metadata"`
	Spec     Spec     `json:"spec"`
}

// Metadata is what matters here of an object's metadata.
type Metadata struct {
	Name         string            `json:"name"`
	GenerateName string            `json:"generateName"`
	Namespace    string            `json:"namespace"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	// OwnerReferences are read where pods come from the API server, not in manifests.
	OwnerReferences []OwnerReference `json:"ownerReferences"`
}

// OwnerReference is what matters here of an object's owner.
type OwnerReference struct {
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
	Controller bool   `json:"controller"`
}

// Spec is what matters here of a PodSpec.
type Spec struct {
	InitContainers      []Container `json:"initContainers"`
	Containers          []Container `json:"containers"`
	EphemeralContainers []Container `json:"ephemeralContainers"`
	Volumes             []Volume    `json:"volumes"`
	// ImagePullSecrets are in the order in which kubelet reads them. By the time that a
	// webhook is asked, the ServiceAccount's are among them where the pod listed none.
	ImagePullSecrets []SecretReference `json:"imagePullSecrets"`
}

// SecretReference is what matters here of a LocalObjectReference. The name may be
// empty, and the same may be there twice: the API server takes both.
type SecretReference struct {
	Name string `json:"name"`
}

// Container is what matters here of a Container or EphemeralContainer.
type Container struct {
	Name            string `json:"name"`
	Image           string `json:"image"`
	ImagePullPolicy string `json:"imagePullPolicy"`
}

// Volume is what matters here of a Volume.
type Volume struct {
	Name  string       `json:"name"`
	Image *ImageVolume `json:"image"`
}

// ImageVolume is a volume whose content is an image.
type ImageVolume struct {
	Reference  string `json:"reference"`
	PullPolicy string `json:"pullPolicy"`
}

// Kind is the kind of field that names an image, as a word for metrics.
type Kind string

// The kinds of fields, by the list of the spec that they are in.
const (
	InitContainer      Kind = "initContainers"
	ContainerKind      Kind = "containers"
	EphemeralContainer Kind = "ephemeralContainers"
	VolumeKind         Kind = "volumes"
)

// Field is one field of a pod that names an image.
type Field struct {
	Kind  Kind
	Index int
	// Owner is the name of the container or volume.
	Owner      string
	Image      string
	PullPolicy string
}

// Path is the field's path for people: spec.containers[0].image.
func (f Field) Path() string {
	return "spec." + string(f.Kind) + "[" + strconv.Itoa(f.Index) + "]." + f.leaf(".")
}

// Pointer is the field's JSON pointer (RFC 6901) from the pod.
func (f Field) Pointer() string {
	return "/spec/" + string(f.Kind) + "/" + strconv.Itoa(f.Index) + "/" + f.leaf("/")
}

func (f Field) leaf(separator string) string {
	if f.Kind == VolumeKind {
		return "image" + separator + "reference"
	}
	return "image"
}

// Fields lists every field that names an image, also with an empty value where
// a container has none, in the order in which kubelet needs the images.
func (s *Spec) Fields() []Field {
	var fields []Field
	for i, v := range s.Volumes {
		if v.Image != nil {
			fields = append(fields, Field{VolumeKind, i, v.Name, v.Image.Reference, v.Image.PullPolicy})
		}
	}
	for _, list := range []struct {
		kind       Kind
		containers []Container
	}{{InitContainer, s.InitContainers}, {ContainerKind, s.Containers}, {EphemeralContainer, s.EphemeralContainers}} {
		for i, c := range list.containers {
			fields = append(fields, Field{list.kind, i, c.Name, c.Image, c.ImagePullPolicy})
		}
	}
	return fields
}
