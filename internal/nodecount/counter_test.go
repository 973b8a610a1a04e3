package nodecount

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const name = "cross-region.registry.io"

// world is a Counter that is shown what the test says.
type world struct {
	*testing.T
	*Counter
	registry     *prometheus.Registry
	leases, seen toolscache.ResourceEventHandler // of Leases and of Nodes
	values       map[string]string
	began        bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, registry: prometheus.NewPedanticRegistry(), values: map[string]string{name: "hangzhou"}, began: true}
	w.Counter = newCounter(func() map[string]string { return w.values })
	w.synced = func() bool { return w.began }
	w.leases = w.handler(w.reports, func(m *metav1.PartialObjectMetadata) map[string]string { return m.Annotations })
	w.seen = w.handler(w.nodes, func(m *metav1.PartialObjectMetadata) map[string]string { return m.Labels })
	w.registry.MustRegister(w.Counter)
	w.Configure(configuration(t))
	return w
}

func configuration(t *testing.T) *config.Config {
	t.Helper()
	text, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func lease(node, value, target string) *metav1.PartialObjectMetadata {
	r := nodereport.Report{Answers: map[string]nodereport.Answer{name: {Switch: nodereport.Hash(value), Target: target}}, Hosts: nodereport.Applied}
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: node, Annotations: r.Annotations()}}
}

func node(name string, labels map[string]string) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
}

// expect compares the metric; -1 is that there is none.
func (w *world) expect(sentence string, applied, waiting int) {
	w.Helper()
	want := fmt.Sprintf(`
# HELP registry_failover_nodes Nodes by whether they report that they have applied the switch in force; absent on a replica that doesn't lead, and with node.hosts Off.
# TYPE registry_failover_nodes gauge
registry_failover_nodes{applied="false",endpoint="cross-region.registry.io"} %d
registry_failover_nodes{applied="true",endpoint="cross-region.registry.io"} %d
`, waiting, applied)
	if applied < 0 {
		want = ""
	}
	if err := testutil.GatherAndCompare(w.registry, strings.NewReader(want)); err != nil {
		w.Errorf("%s: %v", sentence, err)
	}
}

func TestNodesAreCounted(t *testing.T) {
	w := newWorld(t)
	w.expect("there is no node", 0, 0)
	w.seen.OnAdd(node("a", nil), true)
	w.seen.OnAdd(node("b", nil), true)
	w.expect("nobody has reported", 0, 2)
	w.leases.OnAdd(lease("a", "hangzhou", "hangzhou/internal"), true)
	w.leases.OnAdd(lease("b", "privatezone", "zhangjiakou/internal"), true)
	w.expect("one has applied it", 1, 1)
	w.leases.OnUpdate(nil, lease("b", "hangzhou", "hangzhou/internal"))
	w.expect("both have", 2, 0)
	w.values = map[string]string{name: "zhangjiakou"}
	w.expect("another switch is in force", 0, 2)
	w.values = map[string]string{name: "hangzhou"}
	w.seen.OnUpdate(nil, node("b", map[string]string{"type": "virtual-kubelet"}))
	w.expect("a node is virtual", 1, 0)
	w.leases.OnDelete(toolscache.DeletedFinalStateUnknown{Key: "registry-failover/a"})
	w.expect("a Lease is gone", 0, 1)
	w.seen.OnDelete(node("a", nil))
	w.expect("a Node is gone", 0, 0)
}

func TestWhereNothingIsKnownNothingIsTold(t *testing.T) {
	w := newWorld(t)
	w.seen.OnAdd(node("a", nil), true)
	w.began = false
	w.expect("the watches have not begun", -1, 0)
	w.began = true
	w.values = nil
	w.expect("another replica leads", -1, 0)
	w.values = map[string]string{name: "hangzhou"}
	w.expect("it leads", 0, 1)
	off := configuration(t)
	off.Node.Hosts = config.HostsOff
	w.Configure(off)
	w.expect("nodes have no resolver", -1, 0)
}

// TestARestIsNoWork: 2,000 nodes renew their Leases all the time.
func TestARestIsNoWork(t *testing.T) {
	w := newWorld(t)
	for i := range 2000 {
		w.seen.OnAdd(node(fmt.Sprint(i), nil), true)
		w.leases.OnAdd(lease(fmt.Sprint(i), "hangzhou", "hangzhou/internal"), true)
	}
	w.expect("all have applied it", 2000, 0)
	before := w.count()
	w.leases.OnUpdate(nil, lease("7", "hangzhou", "hangzhou/internal"))
	w.seen.OnUpdate(nil, node("7", nil))
	if allocations := testing.AllocsPerRun(10, func() { w.count() }); allocations > 0 {
		t.Errorf("%v allocations where nothing has changed", allocations)
	}
	w.leases.OnUpdate(nil, lease("7", "privatezone", "zhangjiakou/internal"))
	after := w.count()
	if before[name] != (rollout.Counted{Applied: 2000}) || after[name] != (rollout.Counted{Applied: 1999, Waiting: 1}) {
		t.Errorf("%+v became %+v", before, after)
	}
}

// TestTwoThousandNodesAreSmall holds what a Counter keeps beside the watches' own.
func TestTwoThousandNodesAreSmall(t *testing.T) {
	w := newWorld(t)
	var shown []*metav1.PartialObjectMetadata // the watches'
	for i := range 2000 {
		shown = append(shown, lease(fmt.Sprint(i), "hangzhou", "hangzhou/internal"), node(fmt.Sprint(i), nil))
	}
	before := heap()
	for i, object := range shown {
		if i%2 == 0 {
			w.leases.OnAdd(object, true)
		} else {
			w.seen.OnAdd(object, true)
		}
	}
	grown := int64(heap()) - int64(before)
	if grown > 1<<20 {
		t.Errorf("it keeps %d KiB", grown>>10)
	}
	t.Logf("it keeps %d KiB", grown>>10)
	runtime.KeepAlive(shown)
	runtime.KeepAlive(w)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
