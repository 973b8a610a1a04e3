package switchkeeper

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/watches"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	// soon is when to look again after somebody else has written at the same time,
	// or while the watch is behind.
	soon = 100 * time.Millisecond
	// patience is how long a watch may be behind. Then it is taken for broken, and
	// what is recorded decides alone.
	patience = 5 * time.Second
)

// Options are what a Keeper needs; all are required.
type Options struct {
	// Client reads from the API server, never from a cache.
	Client client.Client
	// Namespace holds the switch and the state.
	Namespace string
	// Endpoints are those of the configuration at the start.
	Endpoints []zone.Endpoint
	// Metrics gets the keeper's metrics.
	Metrics prometheus.Registerer
	// Events tells of changes of the switch, of one that came back and of an invalid one.
	Events events.EventRecorder
	Log    *slog.Logger
}

// Keeper keeps the switch and its record. Its methods may be called at the same
// time, but for Reconcile, which is called by one controller.
type Keeper struct {
	client    client.Client
	namespace string
	log       *slog.Logger
	report    *report
	endpoints atomic.Pointer[[]zone.Endpoint]
	bell      watches.Bell
	view      view
	synced    func() bool
	inForce   atomic.Pointer[map[string]string]
	behind    time.Time // since when the watch has been, zero while it isn't
}

// New makes a Keeper. [Keeper.Watch] connects it.
func New(o Options) *Keeper {
	k := &Keeper{
		client: o.Client, namespace: o.Namespace, log: o.Log,
		report: newReport(o.Metrics, o.Events, o.Log),
		synced: func() bool { return true },
	}
	k.Configure(o.Endpoints)
	return k
}

// Configure changes the endpoints.
func (k *Keeper) Configure(endpoints []zone.Endpoint) {
	k.endpoints.Store(&endpoints)
	k.bell.Ring()
}

// Ready says why the switch can't be kept, or nil.
func (k *Keeper) Ready() error {
	if !k.synced() {
		return errors.New("switch and state can't be watched yet: the log says why")
	}
	return nil
}

// InForce gives the value in force of each endpoint, without surrounding white space, as
// far as it is known; nothing on a replica that doesn't lead. Nobody may change it.
func (k *Keeper) InForce() map[string]string {
	if known := k.inForce.Load(); known != nil {
		return *known
	}
	return nil
}

// Reconcile reads, decides and writes. It changes at most what [Decide] says for
// what is there now; where anybody writes at the same time, it begins again.
func (k *Keeper) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	if !k.synced() {
		return reconcile.Result{RequeueAfter: soon}, nil
	}
	// In this order: a state that is as it was read when it is written has had no
	// newer switch recorded since, and the switch is read after it.
	state, err := k.read(ctx, inputs.StateName)
	if err != nil {
		return reconcile.Result{}, err
	}
	k.view.recorded(state)
	moment := k.view.moment()
	current, err := k.read(ctx, inputs.SwitchName)
	if err != nil {
		return reconcile.Result{}, err
	}
	endpoints := *k.endpoints.Load()
	in := Input{Endpoints: endpoints, Switch: object(current), State: object(state), Writes: writers(endpoints, current.ManagedFields), Now: time.Now()}
	in.Uninstalling = uninstalling(current, endpoints) || !in.Switch.Exists && k.view.marked()
	k.view.read(moment, in.Switch.Values, endpoints)
	seen, upToDate := k.view.at(version(current))
	switch {
	case upToDate:
		in.Seen, k.behind = seen, time.Time{}
	case allValid(endpoints, in.Switch):
		// What was there before makes no difference.
	case k.behind.IsZero():
		k.behind = time.Now()
		return reconcile.Result{RequeueAfter: soon}, nil
	case time.Since(k.behind) < patience:
		return reconcile.Result{RequeueAfter: soon}, nil
	}

	plan := Decide(in)
	k.report.problems(current, endpoints, plan.Problems, in.Writes)
	k.report.standing.show(endpoints, plan.InForce)
	values := map[string]string{}
	for name, f := range plan.InForce {
		values[name] = f.Value
	}
	k.inForce.Store(&values)
	k.report.uninstalling(in.Uninstalling)
	err = k.apply(ctx, plan, current, state)
	switch {
	case errors.Is(err, errMeanwhile):
		return reconcile.Result{RequeueAfter: soon}, nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return reconcile.Result{}, nil
	}
	return reconcile.Result{}, err
}

// allValid says whether a valid value stands for each endpoint.
func allValid(endpoints []zone.Endpoint, o Object) bool {
	for _, e := range endpoints {
		if _, err := e.ParseSwitch(o.Values[e.Name]); err != nil {
			return false
		}
	}
	return true
}
