package watches

import (
	"context"
	"sync/atomic"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Bell calls a reconciler that has one thing to keep: whatever has changed, it
// looks at everything. Calls while one waits are one call. On a replica that
// doesn't lead nobody hears it; the leader's first call needs no ring.
//
// It is a source of controller-runtime, and a handler of an informer's events.
// Unlike source.Kind it doesn't end the program when a watch can't begin: one
// right that is missing must not stop what needs other rights.
type Bell struct {
	queue atomic.Pointer[workqueue.TypedRateLimitingInterface[reconcile.Request]]
}

// Attach makes a controller of the reconciler, which the manager runs while it leads.
func (b *Bell) Attach(mgr manager.Manager, name string, r reconcile.Reconciler) error {
	c, err := controller.New(name, mgr, controller.Options{
		Reconciler: r,
		// By default a failure is tried again after up to 16 minutes.
		RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](100*time.Millisecond, 10*time.Second),
	})
	if err != nil {
		return err
	}
	return c.Watch(b)
}

// Start is called by controller-runtime when the replica begins to lead.
func (b *Bell) Start(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	b.queue.Store(&queue)
	b.Ring()
	return nil
}

// Ring asks for a call.
func (b *Bell) Ring() {
	if queue := b.queue.Load(); queue != nil {
		(*queue).Add(reconcile.Request{})
	}
}

// OnAdd rings.
func (b *Bell) OnAdd(any, bool) { b.Ring() }

// OnUpdate rings.
func (b *Bell) OnUpdate(any, any) { b.Ring() }

// OnDelete rings.
func (b *Bell) OnDelete(any) { b.Ring() }
