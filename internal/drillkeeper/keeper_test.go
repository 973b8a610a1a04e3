package drillkeeper

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/registry-failover/registry-failover/internal/drill"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	namespace = "registry-failover"
	shared    = "cross-region.registry.io"
)

var endpoint = zone.Endpoint{Name: shared, Instances: []zone.Instance{
	{Name: "hangzhou", Network: zone.Public, PublicEndpoint: "a.example.com"}, {Name: "zhangjiakou", Network: zone.Public, PublicEndpoint: "b.example.com"},
}}

// world is an API server with a keeper.
type world struct {
	client.Client
	keeper *Keeper
	log    bytes.Buffer
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	w := &world{Client: fake.NewClientBuilder().WithObjects(objects...).Build()}
	w.keeper = New(Options{
		Client: w.Client, Namespace: namespace, Endpoints: []zone.Endpoint{endpoint},
		Metrics: prometheus.NewPedanticRegistry(), Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	return w
}

func drills(data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: drill.Name}, Data: data}
}

func (w *world) reconcile(t *testing.T) {
	t.Helper()
	if _, err := w.keeper.Reconcile(t.Context(), reconcile.Request{}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) data(t *testing.T) map[string]string {
	t.Helper()
	found := &corev1.ConfigMap{}
	if err := w.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: drill.Name}, found); err != nil {
		t.Fatal(err)
	}
	return found.Data
}

func (w *world) success(instance string) float64 {
	return testutil.ToFloat64(w.keeper.success.WithLabelValues(shared, instance))
}

func TestTheConfigMapIsMadeEmpty(t *testing.T) {
	w := newWorld(t)
	w.reconcile(t)
	if data := w.data(t); len(data) != 0 {
		t.Errorf("it has %q", data)
	}
	w.reconcile(t)
}

func TestNothingIsMadeWhileTheProductIsUninstalled(t *testing.T) {
	marked := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: inputs.SwitchName, Annotations: map[string]string{inputs.UninstallAnnotation: inputs.UninstallMark},
	}, Data: map[string]string{shared: "privatezone"}}
	w := newWorld(t, marked)
	w.reconcile(t)
	if err := w.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: drill.Name}, &corev1.ConfigMap{}); err == nil {
		t.Error("it was made")
	}
}

// TestAnOldMarkOfAnUninstallation that never ended doesn't stand in the way of a drill.
func TestAnOldMarkOfAnUninstallation(t *testing.T) {
	marked := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: inputs.SwitchName, Annotations: map[string]string{inputs.UninstallAnnotation: inputs.UninstallMark},
	}, Data: map[string]string{shared: "hangzhou"}}
	w := newWorld(t, marked)
	w.reconcile(t)
	w.data(t)
}

func TestWhoAnswersIsToldWhatStandsThere(t *testing.T) {
	w := newWorld(t)
	var told []map[string]string
	w.keeper.Asked = func(data map[string]string) { told = append(told, data) }
	w.reconcile(t)
	if err := w.Update(t.Context(), drills(map[string]string{"request." + shared: "x"})); err != nil {
		t.Fatal(err)
	}
	w.reconcile(t)
	if len(told) != 2 || len(told[0]) != 0 || told[1]["request."+shared] != "x" {
		t.Errorf("told is %v", told)
	}
}

// TestTheMetricIsNeverAway while it changes: an alert would begin to wait anew.
func TestTheMetricIsNeverAway(t *testing.T) {
	w := newWorld(t, drills(nil))
	w.reconcile(t)
	ctx, stop := context.WithCancel(t.Context())
	var scraping sync.WaitGroup
	scraping.Go(func() {
		for ctx.Err() == nil {
			if n := testutil.CollectAndCount(w.keeper.success); n != 2 {
				t.Errorf("a scrape sees %d", n)
				return
			}
		}
	})
	for range 5000 {
		w.keeper.tell(nil, time.Now())
	}
	stop()
	scraping.Wait()
}

func TestTheMetricIsTheLastSuccess(t *testing.T) {
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	record := drill.Record{Instances: map[string]drill.Last{"hangzhou": {Success: &at}, "gone": {Success: &at}}}
	w := newWorld(t, drills(map[string]string{shared: record.Encode(), "gone.registry.io": record.Encode()}))
	w.reconcile(t)
	if got := w.success("hangzhou"); got != float64(at.Unix()) {
		t.Errorf("hangzhou has %g", got)
	}
	if got := w.success("zhangjiakou"); got != 0 {
		t.Errorf("zhangjiakou has %g", got)
	}
	if n := testutil.CollectAndCount(w.keeper.success); n != 2 {
		t.Errorf("there are %d", n)
	}
	w.keeper.Configure(nil)
	w.reconcile(t)
	if n := testutil.CollectAndCount(w.keeper.success); n != 0 {
		t.Errorf("without endpoints there are %d", n)
	}
}

func TestARecordThatCanNotBeReadIsNoSuccess(t *testing.T) {
	w := newWorld(t, drills(map[string]string{shared: "{"}))
	w.reconcile(t)
	w.reconcile(t)
	if got := w.success("hangzhou"); got != 0 || strings.Count(w.log.String(), "the record of drills can't be read") != 1 {
		t.Errorf("%g: %s", got, w.log.String())
	}
}

func TestAnAPIServerThatRefusesIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.keeper.Client = refusing{w.Client}
	if _, err := w.keeper.Reconcile(t.Context(), reconcile.Request{}); err == nil || !strings.HasPrefix(err.Error(), "could not read the ConfigMap registry-failover-drills: ") {
		t.Errorf("error %v", err)
	}
}

type refusing struct{ client.Client }

func (refusing) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return errors.New("no")
}
