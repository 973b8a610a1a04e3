package switchkeeper

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

const namespace = "registry-failover"

// world is an API server with a keeper, whose watch shows what the test lets it show.
type world struct {
	*testing.T
	client.Client
	keeper   *Keeper
	registry *prometheus.Registry
	log      *bytes.Buffer
	events   *events.FakeRecorder
	// before is called once, before a request of the keeper of that kind for the name.
	before map[string]func()
	// written are managedFields of the switch, which the fake API server doesn't keep.
	written []metav1.ManagedFieldsEntry
	// refuse is the error of all the keeper's requests.
	refuse error
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	w := &world{
		T: t, Client: fake.NewClientBuilder().WithObjects(objects...).Build(),
		registry: prometheus.NewPedanticRegistry(), log: &bytes.Buffer{}, events: events.NewFakeRecorder(100),
		before: map[string]func(){},
	}
	w.keeper = w.newKeeper(w.registry)
	return w
}

// newKeeper is that of another replica.
func (w *world) newKeeper(registry *prometheus.Registry) *Keeper {
	return New(Options{
		Client: w.intercepted(), Namespace: namespace, Endpoints: endpoints(w),
		Metrics: registry, Events: w.events, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
}

// intercepted is the client that the keeper gets.
func (w *world) intercepted() client.Client {
	happen := func(request string) error {
		if f := w.before[request]; f != nil {
			delete(w.before, request)
			f()
		}
		return w.refuse
	}
	return interceptor.NewClient(w.Client.(client.WithWatch), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
			err := c.Get(ctx, key, o)
			if refused := happen("after get " + key.Name); refused != nil {
				return refused
			}
			if key.Name == inputs.SwitchName {
				o.SetManagedFields(w.written)
			}
			return err
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
			if refused := happen("create " + o.GetName()); refused != nil {
				return refused
			}
			return c.Create(ctx, o, options...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, options ...client.PatchOption) error {
			if refused := happen("patch " + o.GetName()); refused != nil {
				return refused
			}
			return c.Patch(ctx, o, p, options...)
		},
	})
}

// get is the ConfigMap, nil when there is none.
func (w *world) get(configMap string) *corev1.ConfigMap {
	w.Helper()
	c := &corev1.ConfigMap{}
	err := w.Get(w.Context(), client.ObjectKey{Namespace: namespace, Name: configMap}, c)
	if apierrors.IsNotFound(err) {
		return nil
	}
	w.must(err)
	return c
}

// put writes one value, as a person does; the watch doesn't show it yet.
func (w *world) put(configMap, value string) *corev1.ConfigMap {
	w.Helper()
	c := w.get(configMap)
	if c == nil {
		c = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: configMap}}
		c.Data = map[string]string{name: value}
		w.must(w.Create(w.Context(), c))
		return c
	}
	if c.Data == nil {
		c.Data = map[string]string{}
	}
	c.Data[name] = value
	w.must(w.Update(w.Context(), c))
	return c
}

func (w *world) drop(configMap string) {
	w.Helper()
	w.must(w.Delete(w.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: configMap}}))
}

// shows lets the watch show a version.
func (w *world) shows(c *corev1.ConfigMap) { w.keeper.eyes().OnUpdate(nil, c) }

// catchUp lets the watch show what stands now.
func (w *world) catchUp() {
	w.Helper()
	if c := w.get(inputs.SwitchName); c != nil {
		w.shows(c)
		return
	}
	if w.keeper.view.version != "" {
		w.keeper.eyes().OnDelete(toolscache.DeletedFinalStateUnknown{})
	}
}

// turn is one Reconcile; it gives whether there is another soon.
func (w *world) turn() bool {
	w.Helper()
	result, err := w.keeper.Reconcile(w.Context(), reconcile.Request{})
	w.must(err)
	return result.RequeueAfter > 0
}

// settle lets the keeper work, with a watch that is up to date, until it has no more to do.
func (w *world) settle() {
	w.Helper()
	for range 10 {
		before := w.versions()
		w.catchUp()
		if again := w.turn(); !again && cmp.Equal(before, w.versions()) {
			return
		}
	}
	w.Fatal("the keeper writes for ever")
}

// versions are what a write would change.
func (w *world) versions() [2]string {
	return [2]string{version(w.get(inputs.SwitchName)), version(w.get(inputs.StateName))}
}

// sinceText is what a record tells of the time.
var sinceText = regexp.MustCompile(`"lastSwitchSince":"[^"]*",`)

// expect compares what stands, but for the time in the record; "-" is that nothing stands.
func (w *world) expect(wantSwitch, wantState string) {
	w.Helper()
	got := [2]string{}
	for i, configMap := range []string{inputs.SwitchName, inputs.StateName} {
		got[i] = "-"
		if c := w.get(configMap); c != nil {
			if value, stands := c.Data[name]; stands {
				got[i] = sinceText.ReplaceAllString(value, "")
			}
		}
	}
	if diff := cmp.Diff([2]string{wantSwitch, wantState}, got); diff != "" {
		w.Errorf("switch and state: %s", diff)
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// lastSwitch is a state with nothing else.
func lastSwitch(value string) string { return `{"lastSwitch":"` + value + `","version":1}` }

// at is a moment of the tests' day.
func at(clock string) time.Time {
	t, err := time.Parse(time.RFC3339, "2026-11-24T"+clock+"Z")
	if err != nil {
		panic(err)
	}
	return t
}

// entry is one of managedFields.
func entry(manager, clock, fields string) metav1.ManagedFieldsEntry {
	when := metav1.NewTime(at(clock))
	return metav1.ManagedFieldsEntry{Manager: manager, Time: &when, FieldsV1: metav1.NewFieldsV1(fields)}
}
