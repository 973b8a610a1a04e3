package startuptaint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/watches"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Options are what a Remover needs; all are required.
type Options struct {
	// Client reads from the API server, never from a cache.
	Client client.Client
	// Namespace holds the switch and the Leases.
	Namespace string
	Endpoints []zone.Endpoint
	Log       *slog.Logger
}

// Remover takes the taint off nodes that have reported.
type Remover struct {
	Options
	endpoints atomic.Pointer[[]zone.Endpoint]
	pending   pending
	bell      watches.Bell
}

// New returns a Remover that knows no nodes yet.
func New(o Options) *Remover {
	r := &Remover{Options: o}
	r.endpoints.Store(&o.Endpoints)
	return r
}

// Configure sets the endpoints that a node must report of.
func (r *Remover) Configure(endpoints []zone.Endpoint) {
	r.endpoints.Store(&endpoints)
	r.news()
}

// news is of all nodes.
func (r *Remover) news() {
	r.pending.all()
	r.bell.Ring()
}

// sawSwitch looks at each node again: one whose report is of this value writes no
// other for minutes, as when a switch is taken back that was thrown a moment ago.
func (r *Remover) sawSwitch() { r.news() }

// Watch lets the Remover work while the manager leads.
func (r *Remover) Watch(ctx context.Context, mgr manager.Manager) error {
	nodes, err := watches.New(ctx, mgr, &corev1.Node{}, watches.Selection{})
	if err != nil {
		return err
	}
	lease := watches.Metadata(coordinationv1.SchemeGroupVersion.WithKind("Lease"))
	leases, err := watches.New(ctx, mgr, lease, watches.Selection{Namespace: r.Namespace, Labels: nodereport.Labels()})
	if err != nil {
		return err
	}
	choice := watches.Metadata(corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	switches, err := watches.New(ctx, mgr, choice, watches.Selection{Namespace: r.Namespace, Name: inputs.SwitchName})
	if err != nil {
		return err
	}
	if _, err := switches.Informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { r.sawSwitch() },
		UpdateFunc: func(any, any) { r.sawSwitch() },
		DeleteFunc: func(any) { r.sawSwitch() },
	}); err != nil {
		return err
	}
	if _, err := nodes.Informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    r.sawNode,
		UpdateFunc: func(_, now any) { r.sawNode(now) },
		DeleteFunc: r.missNode,
	}); err != nil {
		return err
	}
	if _, err := leases.Informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    r.sawLease,
		UpdateFunc: func(_, now any) { r.sawLease(now) },
	}); err != nil {
		return err
	}
	return r.bell.Attach(mgr, "startup-taint", r)
}

func (r *Remover) sawNode(object any) {
	node, ok := object.(*corev1.Node)
	switch {
	case !ok:
	case tainted(node):
		r.pending.add(node.Name)
		r.bell.Ring()
	default:
		r.pending.drop(node.Name)
	}
}

func (r *Remover) missNode(object any) {
	if unknown, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		object = unknown.Obj
	}
	if node, ok := object.(*corev1.Node); ok {
		r.pending.drop(node.Name)
	}
}

func (r *Remover) sawLease(object any) {
	if lease, ok := object.(client.Object); ok && r.pending.news(lease.GetName()) {
		r.bell.Ring()
	}
}

// Reconcile looks at the nodes of which there is something new.
func (r *Remover) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	names := r.pending.take()
	if len(names) == 0 {
		return reconcile.Result{}, nil
	}
	var failures []error
	for _, name := range names {
		if err := r.look(ctx, name); err != nil {
			r.pending.news(name)
			failures = append(failures, fmt.Errorf("the startup taint of Node %s: %w", name, err))
		}
	}
	return reconcile.Result{}, errors.Join(failures...)
}

// look takes the taint off if it may go. What was decided is of one moment after
// the node has reported: a switch that is thrown now reaches it as all others.
func (r *Remover) look(ctx context.Context, name string) error {
	var node corev1.Node
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &node); err != nil {
		return client.IgnoreNotFound(err)
	}
	if !tainted(&node) {
		return nil
	}
	j := joiner{node: node, endpoints: *r.endpoints.Load()}
	var choice corev1.ConfigMap
	if err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: inputs.SwitchName}, &choice); client.IgnoreNotFound(err) != nil {
		return err
	}
	j.choice = choice.Data
	var lease coordinationv1.Lease
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: name}, &lease)
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	if err == nil {
		j.lease = &lease
	}
	if !j.joined(time.Now()) {
		return nil // the next report is news
	}
	patch, err := removal(&node)
	if err != nil {
		return err
	}
	if err := r.Client.Patch(ctx, &node, client.RawPatch(types.JSONPatchType, patch)); err != nil {
		return client.IgnoreNotFound(err)
	}
	r.Log.Info("the startup taint is taken off", "node", name)
	return nil
}
