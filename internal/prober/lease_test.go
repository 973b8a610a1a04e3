package prober

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/published"
)

const goldenLease = "../../testdata/health/lease.json"

func aReport() healthreport.Report {
	since := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	key := func(instance string) healthreport.Key {
		return healthreport.Key{Endpoint: shared, Instance: instance, Network: "internal"}
	}
	serving := healthreport.Serving{Endpoint: shared, Instance: "hangzhou", Reason: "by the node's hosts file", Since: since.Add(time.Hour + time.Minute)}
	return healthreport.Report{Version: "v0.1.0", Serving: []healthreport.Serving{serving}, Instances: []healthreport.Instance{
		{Key: key("hangzhou"), Level: healthreport.Healthy, Reason: "answers as itself", Since: since, Named: true, LatencyMillis: 12},
		{Key: key("zhangjiakou"), Level: healthreport.Unreachable, Reason: "can't be connected to: nothing came in time", Since: since.Add(time.Hour)},
	}}
}

func aLease(api *fake.Clientset) Lease {
	return Lease{
		Client: api.CoordinationV1().Leases("registry-failover"), Namespace: "registry-failover",
		Pod: "registry-failover-prober-5d9c7b6f4-x2v8q", UID: "0c6f2a52-3f6e-4a0e-9a7c-0d2b8f1f7a11", Node: "node-a",
	}
}

func TestTheLeaseIsTheGoldenFile(t *testing.T) {
	got, err := json.MarshalIndent(aLease(fake.NewClientset()).render(aReport(), time.Date(2026, 11, 24, 3, 30, 0, 0, time.FixedZone("CST", 8*60*60))), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(goldenLease, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenLease)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestOneRequestWritesTheLease(t *testing.T) {
	api := fake.NewClientset()
	lease := aLease(api)
	for range 2 {
		if err := lease.Write(t.Context(), aReport()); err != nil {
			t.Fatal(err)
		}
	}
	for _, action := range api.Actions() {
		if action.GetVerb() != "patch" {
			t.Errorf("it makes a %s", action.GetVerb())
		}
	}
	if n := len(api.Actions()); n != 2 {
		t.Errorf("%d requests for two writes", n)
	}
	stands, err := lease.Client.Get(t.Context(), lease.Pod, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := healthreport.Parse(stands.Annotations); err != nil || r.Differs(aReport()) || stands.OwnerReferences[0].UID != lease.UID {
		t.Errorf("%v, %+v", err, stands)
	}
}

func TestARefusalNamesTheRemedy(t *testing.T) {
	api := fake.NewClientset()
	api.PrependReactor("patch", "leases", func(ktesting.Action) (bool, runtime.Object, error) {
		return true, &coordinationv1.Lease{}, apierrors.NewForbidden(schema.GroupResource{Resource: "leases"}, "x", errors.New("no rule"))
	})
	err := aLease(api).Write(t.Context(), aReport())
	if err == nil || !strings.Contains(err.Error(), "must allow create and patch on leases") {
		t.Errorf("%v", err)
	}
}

func TestWithoutAClusterTheReportIsAFile(t *testing.T) {
	dir := t.TempDir()
	f := File{published.InDir(dir), "host-a"}
	for range 2 {
		if err := f.Write(t.Context(), aReport()); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(dir + "/health/host-a")
	if err != nil {
		t.Fatal(err)
	}
	var told struct {
		Renewed     time.Time
		Annotations map[string]string
	}
	if err := json.Unmarshal(text, &told); err != nil || time.Since(told.Renewed) > time.Minute {
		t.Errorf("%v: %s", err, text)
	}
	if r, err := healthreport.Parse(told.Annotations); err != nil || r.Differs(aReport()) {
		t.Errorf("%v: %+v", err, r)
	}
}
