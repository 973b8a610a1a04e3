package drillkeeper

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/registry-failover/registry-failover/internal/drill"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/internal/watches"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Options are what a Keeper needs; all are required but Asked.
type Options struct {
	// Client reads from the API server, never from a cache.
	Client client.Client
	// Namespace holds the ConfigMap.
	Namespace string
	Endpoints []zone.Endpoint
	// Asked is told what stands in the ConfigMap, at first and after each change.
	Asked   func(data map[string]string)
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// Keeper keeps the ConfigMap. Its methods may be called at the same time, but for
// Reconcile, which is called by one controller.
type Keeper struct {
	Options
	endpoints atomic.Pointer[[]zone.Endpoint]
	bell      watches.Bell
	success   *prometheus.GaugeVec
	// shown are the endpoints and instances that the metric has.
	shown map[[2]string]bool
	// said is the last complaint about each key.
	said map[string]string
}

// New makes a Keeper. [Keeper.Watch] connects it.
func New(o Options) *Keeper {
	k := &Keeper{Options: o, shown: map[[2]string]bool{}, said: map[string]string{}, success: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "registry_failover_drill_last_success_timestamp_seconds",
		Help: "When the last drill of the instance began that succeeded; 0 where none has. Only the leading controller tells it.",
	}, []string{"endpoint", "instance"})}
	o.Metrics.MustRegister(k.success)
	k.Configure(o.Endpoints)
	return k
}

// Configure changes the endpoints.
func (k *Keeper) Configure(endpoints []zone.Endpoint) {
	k.endpoints.Store(&endpoints)
	k.bell.Ring()
}

// Watch lets the keeper work while the manager leads.
func (k *Keeper) Watch(ctx context.Context, mgr manager.Manager) error {
	seen, err := watches.New(ctx, mgr, watches.Metadata(corev1.SchemeGroupVersion.WithKind("ConfigMap")), watches.Selection{Namespace: k.Namespace, Name: drill.Name})
	if err != nil {
		return err
	}
	if _, err := seen.Informer.AddEventHandler(&k.bell); err != nil {
		return err
	}
	return k.bell.Attach(mgr, "drills", k)
}

// again is how often the metric is looked at without a change: a time in the future may
// have come.
const again = 10 * time.Minute

// Reconcile makes the ConfigMap where it is missing, and tells what stands there.
func (k *Keeper) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	found := &corev1.ConfigMap{}
	err := k.Client.Get(ctx, client.ObjectKey{Namespace: k.Namespace, Name: drill.Name}, found)
	switch {
	case apierrors.IsNotFound(err):
		found.Data = nil
		if err := k.create(ctx); err != nil {
			return reconcile.Result{}, err
		}
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("could not read the ConfigMap %s: %w", drill.Name, err)
	}
	k.tell(found.Data, time.Now())
	if k.Asked != nil {
		k.Asked(found.Data)
	}
	return reconcile.Result{RequeueAfter: again}, nil
}

// create makes an empty ConfigMap, but not while the product is being uninstalled.
func (k *Keeper) create(ctx context.Context) error {
	choice := &corev1.ConfigMap{}
	err := k.Client.Get(ctx, client.ObjectKey{Namespace: k.Namespace, Name: inputs.SwitchName}, choice)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("could not read the ConfigMap %s: %w", inputs.SwitchName, err)
	}
	var names []string
	for _, e := range *k.endpoints.Load() {
		names = append(names, e.Name)
	}
	if inputs.Uninstalling(choice.Annotations[inputs.UninstallAnnotation], choice.Data, names) {
		return nil
	}
	err = k.Client.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: k.Namespace, Name: drill.Name,
		Labels: map[string]string{
			"app.kubernetes.io/part-of": "registry-failover", "app.kubernetes.io/name": "registry-failover", "app.kubernetes.io/component": "controller",
		},
	}}, client.FieldOwner(published.Manager))
	if apierrors.IsAlreadyExists(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("could not make the ConfigMap %s: %w", drill.Name, err)
	}
	return nil
}

// tell shows the last success of each instance that is configured. At no moment a metric
// that stays is away: the alert would begin to wait anew.
func (k *Keeper) tell(data map[string]string, now time.Time) {
	before := k.shown
	k.shown = map[[2]string]bool{}
	for _, e := range *k.endpoints.Load() {
		record, err := drill.ReadRecord(data[e.Name])
		k.complain(e.Name, err)
		for _, i := range e.Instances {
			seconds := 0.0
			if at, there := record.LastSuccess(i.Name, now); there {
				seconds = float64(at.Unix())
			}
			k.success.WithLabelValues(e.Name, i.Name).Set(seconds)
			k.shown[[2]string{e.Name, i.Name}] = true
		}
	}
	for old := range before {
		if !k.shown[old] {
			k.success.DeleteLabelValues(old[:]...)
		}
	}
}

// complain logs an error about a key once.
func (k *Keeper) complain(key string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && k.said[key] != text {
		k.Log.Warn("what drills have written can't be used", "key", key, "error", text)
	}
	k.said[key] = text
}
