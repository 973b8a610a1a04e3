package readiness

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/published"
)

// forget takes away the lists of endpoints that the configuration no longer has: all lists
// have to fit into one ConfigMap.
func (p *publisher) forget(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	maps := p.Keys.ConfigMaps(p.Namespace)
	found, err := maps.Get(ctx, ImagesName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("could not read the ConfigMap %s: %w", ImagesName, err)
	}
	gone := map[string]any{}
	for name := range found.Data {
		if p.endpoints[name] == nil {
			gone[name] = nil // which takes it away (RFC 7396)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"data": gone})
	if err != nil {
		return err
	}
	if _, err := maps.Patch(ctx, ImagesName, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: published.Manager}); err != nil {
		return fmt.Errorf("could not take lists of former endpoints out of the ConfigMap %s: %w", ImagesName, err)
	}
	return nil
}
