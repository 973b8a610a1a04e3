package orphanleases

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/watches"
)

var (
	leaseKind = coordinationv1.SchemeGroupVersion.WithKind("Lease")
	nodeKind  = corev1.SchemeGroupVersion.WithKind("Node")
)

// Options are what a Sweeper needs; all are required.
type Options struct {
	// Client reads from the API server, never from a cache.
	Client client.Client
	// Namespace holds the Leases.
	Namespace string
	// Reports and Nodes are watches of their metadata: [Reports] and [Nodes].
	Reports, Nodes *watches.Watch
	// Keep is the name of the Lease that is never removed, whatever its labels
	// are: the one by which the leader is elected.
	Keep string
	Log  *slog.Logger
}

// Sweeper removes Leases without a Node.
type Sweeper struct {
	Options
	leases, nodes client.Reader
	synced        func() bool
}

// Reports is a watch of the Leases that are reports of nodes, which keeps these annotations.
func Reports(ctx context.Context, mgr manager.Manager, namespace string, annotations []string) (*watches.Watch, error) {
	return watches.New(ctx, mgr, watches.Metadata(leaseKind), watches.Selection{Namespace: namespace, Labels: nodereport.Labels(), Keep: annotations})
}

// Nodes is a watch of all Nodes, which keeps these labels.
func Nodes(ctx context.Context, mgr manager.Manager, labels []string) (*watches.Watch, error) {
	return watches.New(ctx, mgr, watches.Metadata(nodeKind), watches.Selection{Keep: labels})
}

// Watch lets a new Sweeper work while the manager leads.
func Watch(mgr manager.Manager, o Options) error {
	bell := &watches.Bell{}
	// A renewed Lease and a changed Node are no news.
	leasesSynced, err := o.Reports.Informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: func(any) { bell.Ring() }})
	if err != nil {
		return err
	}
	nodesSynced, err := o.Nodes.Informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{DeleteFunc: func(any) { bell.Ring() }})
	if err != nil {
		return err
	}
	s := &Sweeper{Options: o, leases: o.Reports.Reader, nodes: o.Nodes.Reader, synced: func() bool {
		return leasesSynced.HasSynced() && nodesSynced.HasSynced()
	}}
	return bell.Attach(mgr, "node-leases", s)
}

// Reconcile looks at all Leases.
func (s *Sweeper) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	if !s.synced() {
		return reconcile.Result{RequeueAfter: time.Second}, nil
	}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(leaseKind) // the items' kind: a cache knows no other
	if err := s.leases.List(ctx, list, client.InNamespace(s.Namespace)); err != nil {
		return reconcile.Result{}, err
	}
	var failures []error
	for i := range list.Items {
		if err := s.look(ctx, &list.Items[i]); err != nil {
			failures = append(failures, err)
		}
	}
	return reconcile.Result{}, errors.Join(failures...)
}

// look removes the Lease if neither the watch nor the API server knows its Node.
// The watch may not have shown a new one yet.
func (s *Sweeper) look(ctx context.Context, lease *metav1.PartialObjectMetadata) error {
	if lease.Name == s.Keep {
		return nil
	}
	for _, nodes := range []client.Reader{s.nodes, s.Client} {
		switch err := nodes.Get(ctx, client.ObjectKey{Name: lease.Name}, watches.Metadata(nodeKind)); {
		case err == nil:
			return nil
		case !apierrors.IsNotFound(err):
			return fmt.Errorf("look for Node %s: %w", lease.Name, err)
		}
	}
	err := s.Client.Delete(ctx, lease, client.Preconditions{UID: &lease.UID})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsConflict(err):
		return nil // gone, or a new one of the same name
	case err != nil:
		return fmt.Errorf("delete Lease %s/%s: %w", lease.Namespace, lease.Name, err)
	}
	s.Log.Info("the Lease of a node that is no more is removed", "node", lease.Name)
	return nil
}
