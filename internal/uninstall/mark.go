package uninstall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	found, there, err := o.read(ctx, inputs.SwitchName)
	if err != nil {
		return there, err
	}
	if found.Annotations[inputs.UninstallAnnotation] == inputs.UninstallForce {
		return true, nil
	}
	if err := o.refuse(ctx, found, there); err != nil || !there {
		return there, err
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

// confirm says, at the end, whether the release may be deleted: nobody has
// failed over meanwhile, and nobody has taken the mark away, to stay. A
// failover takes it away here, so that no failback brings it into force again.
func (o Options) confirm(ctx context.Context, marked bool) error {
	found, there, err := o.read(ctx, inputs.SwitchName)
	if err != nil {
		return err
	}
	mark := found.Annotations[inputs.UninstallAnnotation]
	if mark == inputs.UninstallForce {
		return nil
	}
	if refusal := o.refuse(ctx, found, there); refusal != nil {
		return errors.Join(refusal, o.unmark(ctx, mark))
	}
	if marked && mark == "" {
		return fmt.Errorf("somebody has taken the annotation %s from the switch, so the product stays installed: uninstall again if that was a mistake", inputs.UninstallAnnotation)
	}
	return nil
}

func (o Options) unmark(ctx context.Context, mark string) error {
	if mark == "" {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{inputs.UninstallAnnotation: nil}}})
	if err != nil {
		return err
	}
	if _, err := o.Client.CoreV1().ConfigMaps(o.Namespace).Patch(ctx, inputs.SwitchName, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("the mark can't be taken away again: %w", err)
	}
	return nil
}

// read gives the ConfigMap, or an empty one when it isn't there.
func (o Options) read(ctx context.Context, name string) (found *corev1.ConfigMap, there bool, err error) {
	found, err = o.Client.CoreV1().ConfigMaps(o.Namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return &corev1.ConfigMap{}, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("ConfigMap %s can't be read: %w", name, err)
	}
	return found, true, nil
}

// refuse returns an error with the remedies while a failover is active. Where
// the switch has no value, the last one is in force, which the state remembers.
func (o Options) refuse(ctx context.Context, found *corev1.ConfigMap, there bool) error {
	state, _, err := o.read(ctx, inputs.StateName)
	if err != nil {
		return err
	}
	values := map[string]string{}
	for endpoint, text := range state.Data {
		if s, err := zone.ParseState([]byte(text)); err == nil && s.LastSwitch != "" {
			values[endpoint] = s.LastSwitch
		}
	}
	for endpoint := range found.BinaryData {
		values[endpoint] = "" // no word
	}
	maps.Copy(values, found.Data)
	active := inputs.FailedOver(values)
	if len(active) == 0 {
		return nil
	}
	if !there {
		return fmt.Errorf("the switch is missing, and its last value doesn't say %s for %s, so that uninstalling would end that failover on every node: "+
			"a controller that runs brings the switch back, so try again, "+
			"or uninstall in spite of it after `kubectl -n %s delete configmap %s`",
			zone.PrivateZone, strings.Join(active, ", "), o.Namespace, inputs.StateName)
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
