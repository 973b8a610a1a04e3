package healthquorum

import (
	"context"
	"log/slog"
	"maps"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

// leases are the probers' as a watch has shown them last.
type leases struct {
	store  cache.Store
	synced func() bool
}

// watchLeases watches until ctx ends, and rings at each change. The returned
// function waits for its end.
func watchLeases(ctx context.Context, client coordinationv1client.LeaseInterface, ring func()) (leases, func()) {
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.LabelSelector = healthreport.Selector
			return client.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = healthreport.Selector
			return client.Watch(ctx, o)
		},
	}
	store, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.ToListWatcherWithWatchListSemantics(source, client),
		ObjectType:    &coordinationv1.Lease{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { ring() }, UpdateFunc: func(any, any) { ring() }, DeleteFunc: func(any) { ring() },
		},
	})
	var running sync.WaitGroup
	running.Go(func() { informer.RunWithContext(ctx) })
	return leases{store, informer.HasSynced}, running.Wait
}

// sightings are the reports that stand there. What can't be read has no voice.
func (l leases) sightings(log *slog.Logger, said map[string]string) []Sighting {
	var all []Sighting
	there := map[string]bool{}
	for _, object := range l.store.List() {
		lease, ok := object.(*coordinationv1.Lease)
		if !ok || lease.Spec.RenewTime == nil {
			continue
		}
		there[lease.Name] = true
		r, err := healthreport.Parse(lease.Annotations)
		if err != nil {
			if said[lease.Name] != err.Error() {
				log.Warn("a prober's report can't be read", "lease", lease.Name, "error", err)
			}
			said[lease.Name] = err.Error()
			continue
		}
		delete(said, lease.Name)
		holder := ""
		if lease.Spec.HolderIdentity != nil {
			holder = *lease.Spec.HolderIdentity
		}
		all = append(all, Sighting{lease.Name, holder, lease.Spec.RenewTime.Time, r})
	}
	maps.DeleteFunc(said, func(name, _ string) bool { return !there[name] })
	return all
}
