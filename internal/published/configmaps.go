package published

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// Manager is who has written, in the objects' managed fields.
const Manager = "registry-failover-controller"

// ConfigMaps keeps the texts in the ConfigMaps of one namespace.
type ConfigMaps struct {
	client corev1client.ConfigMapInterface
}

// InConfigMaps returns those of the client's namespace.
func InConfigMaps(client corev1client.ConfigMapInterface) ConfigMaps { return ConfigMaps{client} }

// Read gives what stands in the ConfigMap at the endpoint's key.
func (s ConfigMaps) Read(ctx context.Context, object, endpoint string) (Value, error) {
	c, err := s.client.Get(ctx, object, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return Value{}, nil
	case err != nil:
		return Value{}, fmt.Errorf("could not read the ConfigMap %s: %w", object, err)
	}
	text, there := c.Data[endpoint]
	return Value{text, there, true, c.ResourceVersion}, nil
}

// Write writes one key, or nothing and returns [ErrMeanwhile] where the ConfigMap
// isn't as it was read. It creates one that is missing.
func (s ConfigMaps) Write(ctx context.Context, object, endpoint string, read Value, text string) error {
	data := map[string]string{endpoint: text}
	var err error
	if !read.found {
		_, err = s.client.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: object, Labels: map[string]string{
				"app.kubernetes.io/part-of":   "registry-failover",
				"app.kubernetes.io/name":      "registry-failover",
				"app.kubernetes.io/component": "controller",
			}},
			Data: data,
		}, metav1.CreateOptions{FieldManager: Manager})
	} else {
		var patch []byte
		patch, err = json.Marshal(map[string]any{"metadata": map[string]string{"resourceVersion": read.version}, "data": data})
		if err != nil {
			return err
		}
		_, err = s.client.Patch(ctx, object, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: Manager})
	}
	switch {
	case apierrors.IsConflict(err), !read.found && apierrors.IsAlreadyExists(err), read.found && apierrors.IsNotFound(err):
		return ErrMeanwhile
	case err != nil:
		return fmt.Errorf("could not write the ConfigMap %s: %w", object, err)
	}
	return nil
}
