package stuckpods

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// thrownSwitch is what stands for an endpoint, and what was done since.
type thrownSwitch struct {
	Thrown
	recreated int
	// seen says that this replica has seen the value; else Hash, Since and recreated are
	// what the leader before has told.
	seen bool
}

// watchSwitch watches the switch until ctx ends, and rings at each change. Values gives
// what stands there, nil while that isn't known; ended waits for the end.
func watchSwitch(ctx context.Context, client corev1client.ConfigMapInterface, namespace string, ring func()) (values func() map[string]string, ended func()) {
	byName := fields.OneTermEqualSelector("metadata.name", inputs.SwitchName).String()
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = byName
			return client.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = byName
			return client.Watch(ctx, o)
		},
	}
	store, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.ToListWatcherWithWatchListSemantics(source, client),
		ObjectType:    &corev1.ConfigMap{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { ring() }, UpdateFunc: func(any, any) { ring() }, DeleteFunc: func(any) { ring() },
		},
	})
	var running sync.WaitGroup
	running.Go(func() { informer.RunWithContext(ctx) })
	return func() map[string]string {
		object, there, err := store.GetByKey(namespace + "/" + inputs.SwitchName)
		if found, is := object.(*corev1.ConfigMap); is && there && err == nil {
			return found.Data
		}
		return nil
	}, running.Wait
}

// see notes what the switch says of each endpoint, and since when. A value that isn't valid
// changes nothing. It returns when to come again at the latest.
func (w *Watcher) see(ctx context.Context, p *policy, values map[string]string, now time.Time) time.Duration {
	wait := rest
	for _, e := range p.endpoints {
		if w.switches[e.Name] == nil {
			before, err := w.recall(ctx, e.Name, now)
			if err != nil {
				w.warn(ctx, "read when the switch was thrown", err)
				wait = retry
				continue
			}
			w.switches[e.Name] = before
		}
		value, there := values[e.Name]
		if parsed, err := e.ParseSwitch(value); there && err == nil {
			w.note(w.switches[e.Name], parsed, nodereport.Hash(value), now)
		}
	}
	return wait
}

// note takes over a valid value. One that leads every node where the last one did is no
// other switch.
func (w *Watcher) note(s *thrownSwitch, parsed zone.Switch, hash string, now time.Time) {
	switch {
	case s.Hash == hash, s.seen && sameTarget(s.Switch, parsed):
	case s.Hash == "": // since when it stands, nobody has seen
	default:
		s.Since, s.recreated = now, 0
		w.looked = time.Time{} // look at once
	}
	s.Switch, s.Hash, s.seen = parsed, hash, true
}

// sameTarget says that two switches lead every node to the same.
func sameTarget(a, b zone.Switch) bool {
	return a.To == b.To && a.Scope == b.Scope && a.From == b.From && a.Share == b.Share && slices.Equal(a.Nodes, b.Nodes)
}

// recall takes over what the leader before has told; of one that has told nothing, or what
// can't be read, the hash is empty. A clock that was ahead has told of no later time than now.
func (w *Watcher) recall(ctx context.Context, endpoint string, now time.Time) (*thrownSwitch, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	read, err := w.Store.Read(ctx, inputs.StatusName, endpoint)
	if err != nil {
		return nil, err
	}
	var stands struct{ Stuck Status }
	if json.Unmarshal([]byte(read.Text), &stands) != nil {
		return &thrownSwitch{}, nil
	}
	before := &thrownSwitch{Thrown: Thrown{Hash: stands.Stuck.Switch}, recreated: stands.Stuck.Recreated}
	if since := stands.Stuck.SwitchSince; since != nil {
		before.Since = *since
		if now.Before(before.Since) {
			before.Since = now
		}
	}
	return before, nil
}
