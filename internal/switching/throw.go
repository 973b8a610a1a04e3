package switching

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

// FieldManager is who the API server notes as the writer of the switch.
const FieldManager = "kubectl-registry-failover"

// ErrMeanwhile says that somebody else has thrown the switch in between.
var ErrMeanwhile = errors.New("somebody else has thrown the switch meanwhile")

// attempts are how often a write is tried that met the write of another endpoint.
const attempts = 5

// Throw writes the endpoint's value, only if it is still what was read: somebody else's
// decision is never overwritten. It changes that one key, by a merge patch that names the
// version it was made for.
func (c *Cluster) Throw(ctx context.Context, endpoint, read, value string) error {
	for range attempts {
		found, err := c.Switch(ctx)
		if err != nil {
			return err
		}
		if stands := found.Data[endpoint]; stands != read {
			return fmt.Errorf("%w: it says %q", ErrMeanwhile, stands)
		}
		patch, err := json.Marshal(map[string]any{
			"metadata": map[string]string{"resourceVersion": found.ResourceVersion},
			"data":     map[string]string{endpoint: value},
		})
		if err != nil {
			return err
		}
		_, err = c.Core.ConfigMaps(c.Namespace).Patch(ctx, inputs.SwitchName, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
		switch {
		case apierrors.IsConflict(err): // another key, or another version of the same
			continue
		case apierrors.IsForbidden(err):
			return fmt.Errorf("you may not throw the switch, which the Role registry-failover-operator allows: %w", err)
		case err != nil:
			return fmt.Errorf("the switch can't be written: %w", err)
		}
		return nil
	}
	return fmt.Errorf("the switch can't be written: it was changed %d times in a row: try again", attempts)
}
