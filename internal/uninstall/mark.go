package uninstall

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// mark annotates the switch, and reports whether there is one. It refuses while
// a failover is active, unless the annotation says force.
func (o Options) mark(ctx context.Context) (there bool, err error) {
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		there, err = o.markOnce(ctx)
		return err
	})
	switch {
	case err != nil:
		return there, err
	case there:
		o.say("The switch is marked: from now on resolvers remove their blocks, and the controller creates nothing.")
	default:
		o.say("There is no ConfigMap %s/%s, so nobody can tell the nodes to remove their blocks.", o.Namespace, inputs.SwitchName)
	}
	return there, nil
}

func (o Options) markOnce(ctx context.Context) (there bool, err error) {
	configMaps := o.Client.CoreV1().ConfigMaps(o.Namespace)
	found, err := configMaps.Get(ctx, inputs.SwitchName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("the switch can't be read: %w", err)
	}
	if found.Annotations[inputs.UninstallAnnotation] == inputs.UninstallForce {
		return true, nil
	}
	if err := o.refuse(found); err != nil {
		return true, err
	}
	if found.Annotations[inputs.UninstallAnnotation] == inputs.UninstallMark {
		return true, nil
	}
	// The version makes it a conflict when somebody throws the switch just now.
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": found.ResourceVersion,
		"annotations":     map[string]string{inputs.UninstallAnnotation: inputs.UninstallMark},
	}})
	if err != nil {
		return true, err
	}
	if _, err := configMaps.Patch(ctx, inputs.SwitchName, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return true, fmt.Errorf("the switch can't be marked: %w", err)
	}
	return true, nil
}

// refuse returns an error with the remedies while a failover is active.
func (o Options) refuse(found *corev1.ConfigMap) error {
	active := inputs.FailedOver(found.Data)
	if len(active) == 0 {
		return nil
	}
	failback := map[string]string{}
	for _, endpoint := range active {
		failback[endpoint] = zone.PrivateZone
	}
	patch, err := json.Marshal(map[string]any{"data": failback})
	if err != nil {
		return err
	}
	return fmt.Errorf("the switch doesn't say %s for %s, and uninstalling would end that failover on every node: "+
		"fail back with `kubectl -n %s patch configmap %s --type merge -p '%s'`, "+
		"or uninstall in spite of it after `kubectl -n %s annotate --overwrite configmap %s %s=%s`",
		zone.PrivateZone, strings.Join(active, ", "),
		o.Namespace, inputs.SwitchName, patch,
		o.Namespace, inputs.SwitchName, inputs.UninstallAnnotation, inputs.UninstallForce)
}
