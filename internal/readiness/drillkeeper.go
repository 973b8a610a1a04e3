package readiness

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// tellEvery is between two growing answers.
const tellEvery = 2 * time.Second

// drillOn answers the requests of drills until ctx ends. The ConfigMap is made where it is
// missing, so that those who run drills need no right to make one.
func (k *Keeper) drillOn(ctx context.Context, c *config.Config) {
	maps := k.Keys.ConfigMaps(k.Namespace)
	changed := make(chan struct{}, 1)
	stands, ended := watchDrills(ctx, maps, func() {
		select {
		case changed <- struct{}{}:
		default: // it is rung already
		}
	})
	defer ended()
	followed := map[string]followed{}
	for {
		if data, there := stands(); there {
			for _, e := range c.Endpoints {
				followed[e.Name] = k.answer(ctx, c, maps, e.Name, data, followed[e.Name])
			}
		} else if err := createDrills(ctx, maps); err != nil && ctx.Err() == nil {
			k.Log.Warn("the ConfigMap "+DrillsName+" is missing and can't be made, so that no drill can read images", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-time.After(interval):
		}
	}
}

// A followed request is the last of an endpoint, with its answer: what a watch shows may be
// older than that.
type followed struct {
	request string
	answer  DrillAnswer
	told    time.Time
}

// answer reads what the request asks for, unless that was done already.
func (k *Keeper) answer(ctx context.Context, c *config.Config, maps corev1client.ConfigMapInterface, endpoint string, data map[string]string, last followed) followed {
	text, asked := data[RequestKey(endpoint)]
	if !asked {
		return last
	}
	r, err := ParseDrillRequest(text)
	answered, _ := ParseDrillAnswer(data[AnswerKey(endpoint)]) // what can't be read is none
	if answered.ID == r.ID && answered.Done {
		return last
	}
	now := followed{request: text}
	tell := func(a DrillAnswer) {
		if !a.Done && time.Since(now.told) < tellEvery {
			return
		}
		now.told, now.answer = time.Now(), a
		if err := putAnswer(ctx, maps, endpoint, a); err != nil && ctx.Err() == nil {
			k.Log.Warn("a drill can't be answered", "endpoint", endpoint, "id", a.ID, "error", err)
		}
	}
	at := time.Now()
	switch age := at.Sub(r.At); {
	case last.request == text && last.answer.Done:
		if time.Since(last.told) < tellEvery { // it is on its way
			return last
		}
		tell(last.answer) // which could not be written, or was taken away
	case err != nil:
		tell(DrillAnswer{ID: r.ID, At: at.UTC().Truncate(time.Second), Images: []DrilledImage{}, Done: true, Problem: err.Error()})
	case age > DrillFresh || age < -DrillFresh: // of long ago, or by another clock
		tell(DrillAnswer{ID: r.ID, At: at.UTC().Truncate(time.Second), Images: []DrilledImage{}, Done: true, Problem: "the request isn't of the last " + DrillFresh.String() + " by the controller's clock"})
	default:
		k.Log.Info("images are read for a drill", "endpoint", endpoint, "id", r.ID, "to", r.To, "sample", r.Sample)
		k.drill(ctx, c, endpoint, r, tell)
	}
	return now
}

func putAnswer(ctx context.Context, maps corev1client.ConfigMapInterface, endpoint string, a DrillAnswer) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	patch, err := json.Marshal(map[string]any{"data": map[string]string{AnswerKey(endpoint): a.Encode()}})
	if err != nil {
		return err
	}
	_, err = maps.Patch(ctx, DrillsName, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "registry-failover-controller"})
	return err
}

func createDrills(ctx context.Context, maps corev1client.ConfigMapInterface) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: DrillsName, Labels: map[string]string{
		"app.kubernetes.io/part-of":   "registry-failover",
		"app.kubernetes.io/name":      "registry-failover",
		"app.kubernetes.io/component": "controller",
	}}}, metav1.CreateOptions{FieldManager: "registry-failover-controller"})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// watchDrills watches the one ConfigMap until ctx ends, and rings at each change. It gives
// what stands there, and whether it does: also before that is known. The last function
// waits for its end.
func watchDrills(ctx context.Context, maps corev1client.ConfigMapInterface, ring func()) (stands func() (map[string]string, bool), ended func()) {
	only := fields.OneTermEqualSelector(metav1.ObjectNameField, DrillsName).String()
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = only
			return maps.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = only
			return maps.Watch(ctx, o)
		},
	}
	store, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.ToListWatcherWithWatchListSemantics(source, maps),
		ObjectType:    &corev1.ConfigMap{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { ring() }, UpdateFunc: func(any, any) { ring() }, DeleteFunc: func(any) { ring() },
		},
	})
	var running sync.WaitGroup
	running.Go(func() { informer.RunWithContext(ctx) })
	running.Go(func() { // that there is none is news, too
		if cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
			ring()
		}
	})
	return func() (map[string]string, bool) {
		if !informer.HasSynced() {
			return nil, true
		}
		for _, object := range store.List() {
			if m, ok := object.(*corev1.ConfigMap); ok && m.Name == DrillsName {
				return m.Data, true
			}
		}
		return nil, false
	}, running.Wait
}
