package manifest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/registry-failover/registry-failover/internal/podimages"
)

// decodePod takes from a decoded mapping what podimages wants, by hand: going
// through JSON again at each level would cost the square of the nesting. What
// the API server would refuse for its type is an error, one sentence.
func decodePod(m map[string]any) (podimages.Pod, error) {
	r := &reader{}
	var pod podimages.Pod
	metadata := r.mapping(m["metadata"], "metadata")
	pod.Metadata = podimages.Metadata{
		Name:         r.text(metadata["name"], "metadata.name"),
		GenerateName: r.text(metadata["generateName"], "metadata.generateName"),
		Namespace:    r.text(metadata["namespace"], "metadata.namespace"),
		Labels:       r.texts(metadata["labels"], "metadata.labels"),
		Annotations:  r.texts(metadata["annotations"], "metadata.annotations"),
	}
	spec := r.mapping(m["spec"], "spec")
	pod.Spec = podimages.Spec{
		InitContainers:      r.containers(spec, "initContainers"),
		Containers:          r.containers(spec, "containers"),
		EphemeralContainers: r.containers(spec, "ephemeralContainers"),
		Volumes:             r.volumes(spec),
	}
	return pod, r.err
}

// reader reads values of a type and keeps the first mismatch. Null is the zero value, as in JSON.
type reader struct{ err error }

func (r *reader) containers(spec map[string]any, key string) []podimages.Container {
	var containers []podimages.Container
	for i, v := range r.list(spec[key], "spec."+key) {
		at := fmt.Sprintf("spec.%s[%d]", key, i)
		c := r.mapping(v, at)
		containers = append(containers, podimages.Container{
			Name:            r.text(c["name"], at+".name"),
			Image:           r.text(c["image"], at+".image"),
			ImagePullPolicy: r.text(c["imagePullPolicy"], at+".imagePullPolicy"),
		})
	}
	return containers
}

func (r *reader) volumes(spec map[string]any) []podimages.Volume {
	var volumes []podimages.Volume
	for i, v := range r.list(spec["volumes"], "spec.volumes") {
		at := fmt.Sprintf("spec.volumes[%d]", i)
		m := r.mapping(v, at)
		volume := podimages.Volume{Name: r.text(m["name"], at+".name")}
		if image := r.mapping(m["image"], at+".image"); image != nil {
			volume.Image = &podimages.ImageVolume{
				Reference:  r.text(image["reference"], at+".image.reference"),
				PullPolicy: r.text(image["pullPolicy"], at+".image.pullPolicy"),
			}
		}
		volumes = append(volumes, volume)
	}
	return volumes
}

func (r *reader) text(v any, at string) string {
	s, ok := v.(string)
	rule := "must be text"
	switch v.(type) {
	case bool, float64:
		rule += ": put it in quotes"
	}
	r.check(ok, v, at, rule)
	return s
}

func (r *reader) texts(v any, at string) map[string]string {
	var texts map[string]string
	m := r.mapping(v, at)
	for _, key := range slices.Sorted(maps.Keys(m)) { // which mismatch comes first must not change from run to run
		if texts == nil {
			texts = map[string]string{}
		}
		texts[key] = r.text(m[key], at+keyStep(key))
	}
	return texts
}

func (r *reader) mapping(v any, at string) map[string]any {
	m, ok := v.(map[string]any)
	r.check(ok, v, at, "must be a mapping")
	return m
}

func (r *reader) list(v any, at string) []any {
	l, ok := v.([]any)
	r.check(ok, v, at, "must be a list")
	return l
}

func (r *reader) check(ok bool, v any, at, rule string) {
	if !ok && v != nil && r.err == nil {
		r.err = fmt.Errorf("%s is %s and %s", at, typeName(v), rule)
	}
}

func typeName(v any) string {
	switch v.(type) {
	case bool:
		return "true or false"
	case string:
		return "text"
	case []any:
		return "a list"
	case map[string]any:
		return "a mapping"
	}
	return "a number"
}
