package switchkeeper

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/watches"
)

// Watch lets the keeper work while the manager leads, and see what happens to the
// switch also while it doesn't.
func (k *Keeper) Watch(ctx context.Context, mgr manager.Manager) error {
	choice, err := watches.New(ctx, mgr, &corev1.ConfigMap{}, watches.Selection{Namespace: k.namespace, Name: inputs.SwitchName})
	if err != nil {
		return err
	}
	state, err := watches.New(ctx, mgr, &corev1.ConfigMap{}, watches.Selection{Namespace: k.namespace, Name: inputs.StateName})
	if err != nil {
		return err
	}
	seen, err := choice.Informer.AddEventHandler(k.eyes())
	if err != nil {
		return err
	}
	remembered, err := state.Informer.AddEventHandler(k.memory())
	if err != nil {
		return err
	}
	k.synced = func() bool { return seen.HasSynced() && remembered.HasSynced() }
	return k.bell.Attach(mgr, "switch", k)
}

// eyes notes each version of the switch, then rings.
func (k *Keeper) eyes() toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(o any) {
			k.view.show(o.(*corev1.ConfigMap), *k.endpoints.Load())
			k.bell.Ring()
		},
		UpdateFunc: func(_, o any) {
			k.view.show(o.(*corev1.ConfigMap), *k.endpoints.Load())
			k.bell.Ring()
		},
		DeleteFunc: func(o any) {
			final, seen := o.(*corev1.ConfigMap) // else the watch was interrupted
			if seen {
				k.view.show(final, *k.endpoints.Load())
			}
			k.view.gone(!seen)
			k.bell.Ring()
		},
	}
}

// memory notes what the record holds, then rings.
func (k *Keeper) memory() toolscache.ResourceEventHandler {
	note := func(o any) {
		k.view.recorded(o.(*corev1.ConfigMap))
		k.bell.Ring()
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    note,
		UpdateFunc: func(_, o any) { note(o) },
		DeleteFunc: func(any) { k.bell.Ring() },
	}
}
