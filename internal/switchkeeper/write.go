package switchkeeper

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// read gives the ConfigMap, or one without a version when there is none.
func (k *Keeper) read(ctx context.Context, name string) (*corev1.ConfigMap, error) {
	c := &corev1.ConfigMap{}
	err := k.client.Get(ctx, client.ObjectKey{Namespace: k.namespace, Name: name}, c)
	switch {
	case apierrors.IsNotFound(err):
		return k.missing(name), nil
	case err != nil:
		return nil, fmt.Errorf("read ConfigMap %s/%s: %w", k.namespace, name, err)
	}
	return c, nil
}

func (k *Keeper) missing(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: k.namespace, Name: name,
		Labels: map[string]string{
			"app.kubernetes.io/part-of":   "registry-failover",
			"app.kubernetes.io/name":      "registry-failover",
			"app.kubernetes.io/component": "controller",
		},
	}}
}

// object is the ConfigMap as a decision takes it. A value under binaryData stands
// there, but no reader takes it for one.
func object(c *corev1.ConfigMap) Object {
	o := Object{Exists: version(c) != "", Values: map[string]string{}}
	for key := range c.BinaryData {
		o.Values[key] = ""
	}
	maps.Copy(o.Values, c.Data)
	return o
}

// apply writes the plan: what was valid first, so that it is remembered before
// anything else changes. A state that can't be written keeps no switch from coming back.
func (k *Keeper) apply(ctx context.Context, p Plan, current, state *corev1.ConfigMap) error {
	unrecorded := k.record(ctx, p, current, state)
	if errors.Is(unrecorded, errMeanwhile) || len(p.Switch) == 0 && !p.CreateSwitch {
		return unrecorded
	}
	stands, err := k.write(ctx, current, p.Switch, p.CreateSwitch)
	if err != nil {
		return errors.Join(unrecorded, err)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Switch)) {
		if p.Restored[name] {
			k.report.restore(stands, name, p.Switch[name])
		} else {
			k.log.Info("the switch is created", "endpoint", name, "value", p.Switch[name])
		}
	}
	return unrecorded
}

// record writes the plan's part for the state.
func (k *Keeper) record(ctx context.Context, p Plan, current, state *corev1.ConfigMap) error {
	if len(p.State) == 0 {
		return nil
	}
	_, err := k.write(ctx, state, p.State, p.CreateState)
	switch {
	case errors.Is(err, errMeanwhile):
		return err
	case err != nil:
		k.report.unrecorded(p.State)
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(p.State)) {
		if p.State[name] != blank {
			k.log.Info("the switch is recorded", "endpoint", name)
		}
	}
	k.report.changed(current, p.Changes)
	return nil
}

// write adds keys to a ConfigMap as it was read, all of them or, with a conflict, none. It
// gives the ConfigMap as it stands then.
func (k *Keeper) write(ctx context.Context, read *corev1.ConfigMap, values map[string]string, create bool) (*corev1.ConfigMap, error) {
	c := read.DeepCopy()
	if c.Data == nil {
		c.Data = map[string]string{}
	}
	maps.Copy(c.Data, values)
	if create {
		err := k.client.Create(ctx, c)
		return c, written("create", c, err, apierrors.IsAlreadyExists(err))
	}
	for key := range values {
		delete(c.BinaryData, key) // a key stands in one of the two only
	}
	err := k.client.Patch(ctx, c, client.MergeFromWithOptions(read, client.MergeFromWithOptimisticLock{}))
	return c, written("patch", c, err, apierrors.IsConflict(err) || apierrors.IsNotFound(err))
}

// errMeanwhile says that it was written or deleted after it had been read.
var errMeanwhile = errors.New("somebody has written meanwhile")

func written(verb string, c *corev1.ConfigMap, err error, meanwhile bool) error {
	switch {
	case meanwhile:
		return errMeanwhile
	case err != nil:
		return fmt.Errorf("%s ConfigMap %s/%s: %w", verb, c.Namespace, c.Name, err)
	}
	return nil
}
