package watches

import (
	"context"
	"fmt"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// Selection says which objects of a kind are watched. A zero field restricts nothing.
type Selection struct {
	Namespace string
	Name      string
	Labels    labels.Set
	// Keep names the labels and annotations that a watch of [Metadata] keeps; all others are dropped.
	Keep []string
}

// Watch is a watch on some objects.
type Watch struct {
	// Informer tells handlers of each change, on every replica, leading or not.
	Informer cache.Informer
	// Reader reads what the watch holds. It fails for other kinds of objects.
	Reader client.Reader
}

// New adds a watch to the manager, which begins it when it starts. The object
// says of which kind the watch is; [Metadata] keeps names, and what Keep names, only.
func New(ctx context.Context, mgr manager.Manager, object client.Object, s Selection) (*Watch, error) {
	options := cache.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
		ReaderFailOnMissingInformer: true,
		DefaultTransform:            s.strip,
	}
	if s.Namespace != "" {
		options.DefaultNamespaces = map[string]cache.Config{s.Namespace: {}}
	}
	if s.Name != "" {
		options.DefaultFieldSelector = fields.OneTermEqualSelector("metadata.name", s.Name)
	}
	if len(s.Labels) > 0 {
		options.DefaultLabelSelector = s.Labels.AsSelector()
	}
	c, err := cache.New(mgr.GetConfig(), options)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", s.Name, err)
	}
	if err := mgr.Add(everywhere{c}); err != nil {
		return nil, err
	}
	informer, err := c.GetInformer(ctx, object, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", s.Name, err)
	}
	return &Watch{Informer: informer, Reader: c}, nil
}

// everywhere is a cache that runs on every replica, leading or not.
type everywhere struct{ cache.Cache }

// NeedLeaderElection is asked by the manager.
func (everywhere) NeedLeaderElection() bool { return false }

// Metadata stands for an object of which only its name and version are wanted.
func Metadata(kind schema.GroupVersionKind) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(kind)
	return object
}

// strip takes away what nobody reads, from some thousand Nodes and Leases.
func (s Selection) strip(object any) (any, error) {
	switch object := object.(type) {
	case *metav1.PartialObjectMetadata:
		object.ManagedFields, object.OwnerReferences = nil, nil
		object.Labels, object.Annotations = s.kept(object.Labels), s.kept(object.Annotations)
	case *corev1.Node: // their images and addresses are most of them
		object.Annotations, object.ManagedFields, object.Status = nil, nil, corev1.NodeStatus{}
	case client.Object:
		object.SetManagedFields(nil)
	}
	return object, nil
}

// kept is what Keep names. Thousands of objects have the same values: each is held once,
// as far as the garbage collector doesn't forget it meanwhile.
func (s Selection) kept(all map[string]string) map[string]string {
	var kept map[string]string
	for _, key := range s.Keep {
		if value, there := all[key]; there {
			if kept == nil {
				kept = make(map[string]string, len(s.Keep))
			}
			kept[key] = unique.Make(value).Value()
		}
	}
	return kept
}
