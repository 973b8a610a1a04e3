package ownedsecrets

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// Label is on each of the product's own pull secrets; its value is the kind.
const Label = "registry-failover.io/pull-secret"

// The kinds of own pull secrets.
const (
	Derived = "derived"
	Minted  = "minted"
)

// Selector chooses the Secrets of all kinds, in the form of a list option.
const Selector = partOf + "=registry-failover," + Label

const partOf = "app.kubernetes.io/part-of"

// Manager is who has written, in the Secrets' managed fields.
const Manager = "registry-failover-controller"

// Secret is how one shall be; its type is kubernetes.io/dockerconfigjson. It prints as its name.
type Secret struct {
	Namespace, Name string
	// Kind is [Derived] or [Minted].
	Kind string
	// Annotations are what it has at least.
	Annotations map[string]string
	// Notes are annotations that are written along with a change, but are none themselves.
	Notes map[string]string
	// Owner goes before it goes; nil for none.
	Owner *metav1.OwnerReference
	// Content is that of the key .dockerconfigjson.
	Content []byte
}

// String is the name.
func (s Secret) String() string { return s.Namespace + "/" + s.Name }

// Format is asked by fmt whatever the verb: %#v and %+v would print the content.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue is asked by slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// owns tells whether what stands under the name may be written.
func (s Secret) owns(found *corev1.Secret) bool {
	return found.Labels[Label] == s.Kind && (s.Owner == nil || s.owner(found) >= 0)
}

// owner is where the Secret refers to its owner, by whatever UID; -1 for nowhere.
func (s Secret) owner(found *corev1.Secret) int {
	return slices.IndexFunc(found.OwnerReferences, func(r metav1.OwnerReference) bool { return r.Kind == s.Owner.Kind && r.Name == s.Owner.Name })
}

// labels are those that it has at least.
func (s Secret) labels() map[string]string {
	return map[string]string{
		partOf: "registry-failover", "app.kubernetes.io/name": "registry-failover", "app.kubernetes.io/component": "controller",
		Label: s.Kind,
	}
}

// stands tells whether nothing has to be written.
func (s Secret) stands(found *corev1.Secret) bool {
	return fits(found) && len(found.Data) == 1 && bytes.Equal(found.Data[pullsecrets.KeyDockerConfigJSON], s.Content) &&
		contains(found.Labels, s.labels()) && contains(found.Annotations, s.Annotations) &&
		(s.Owner == nil || found.OwnerReferences[s.owner(found)].UID == s.Owner.UID)
}

// fits tells whether it has the type that no update can change.
func fits(found *corev1.Secret) bool { return found.Type == corev1.SecretTypeDockerConfigJson }

func contains(all, some map[string]string) bool {
	for key, value := range some {
		if got, there := all[key]; !there || got != value {
			return false
		}
	}
	return true
}

// over is what stands, with what has to be changed. Labels and annotations of others stay.
func (s Secret) over(found *corev1.Secret) *corev1.Secret {
	o := found.DeepCopy()
	if o.Labels == nil {
		o.Labels = map[string]string{}
	}
	if o.Annotations == nil {
		o.Annotations = map[string]string{}
	}
	maps.Copy(o.Labels, s.labels())
	maps.Copy(o.Annotations, s.Annotations)
	maps.Copy(o.Annotations, s.Notes)
	if s.Owner != nil {
		if i := s.owner(o); i >= 0 {
			o.OwnerReferences[i] = *s.Owner
		} else {
			o.OwnerReferences = append(o.OwnerReferences, *s.Owner)
		}
	}
	o.Data = map[string][]byte{pullsecrets.KeyDockerConfigJSON: s.Content}
	return o
}

// object is the Secret where none stands.
func (s Secret) object() *corev1.Secret {
	return s.over(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name}, Type: corev1.SecretTypeDockerConfigJson,
	})
}
