package startuptaint

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

// kit is a Remover, the API server that it works on, and what it asked for.
type kit struct {
	*Remover
	api     client.Client
	leases  map[string]*coordinationv1.Lease // by name: the fake would write managedFields of its own
	refused string                           // reading this Node fails
	read    []string
}

func newKit(t *testing.T, objects ...client.Object) *kit {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	k := &kit{leases: map[string]*coordinationv1.Lease{}}
	objects = append(objects, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "registry-failover", Name: inputs.SwitchName}, Data: map[string]string{endpoint: "hangzhou"},
	})
	k.api = fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
			if _, ok := object.(*corev1.Node); ok {
				k.read = append(k.read, key.Name)
				if key.Name == k.refused {
					return errors.New("no route to host")
				}
			}
			if lease, ok := object.(*coordinationv1.Lease); ok {
				if k.leases[key.Name] == nil {
					return apierrors.NewNotFound(coordinationv1.Resource("leases"), key.Name)
				}
				k.leases[key.Name].DeepCopyInto(lease)
				return nil
			}
			return c.Get(ctx, key, object, options...)
		},
	}).Build()
	k.Remover = New(Options{Client: k.api, Namespace: "registry-failover", Endpoints: endpoints(), Log: slog.New(slog.DiscardHandler)})
	return k
}

// reconcile returns the nodes that were read meanwhile.
func (k *kit) reconcile(t *testing.T) ([]string, error) {
	t.Helper()
	k.read = nil
	_, err := k.Reconcile(t.Context(), reconcile.Request{})
	slices.Sort(k.read)
	return k.read, err
}

func (k *kit) expect(t *testing.T, want ...string) {
	t.Helper()
	if read, err := k.reconcile(t); err != nil || !slices.Equal(read, want) {
		t.Errorf("it reads %v, not %v: %v", read, want, err)
	}
}

// tainted are the names of the nodes that have the taint.
func (k *kit) tainted(t *testing.T) []string {
	t.Helper()
	var list corev1.NodeList
	if err := k.api.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range list.Items {
		if tainted(&n) {
			names = append(names, n.Name)
		}
	}
	return names
}

func nodeNamed(name string) *corev1.Node {
	n := newNode()
	n.Name = name
	return &n
}

// report lets a node say that its block stands.
func (k *kit) report(node string) *coordinationv1.Lease {
	lease := reportOf("hangzhou", "hangzhou/internal", "applied", time.Second)
	lease.Name = node
	k.leases[node] = lease
	return lease
}

func TestATaintedNodeIsLookedAtWhenThereIsNews(t *testing.T) {
	early, late := nodeNamed("early"), nodeNamed("late")
	k := newKit(t, early, late)
	report := k.report("early")
	k.expect(t) // the watch has shown nothing
	k.sawLease(report)
	k.expect(t) // a Lease of a node of which nothing is known
	k.sawNode(early)
	k.sawNode(late)
	k.expect(t, "early", "late")
	if got := k.tainted(t); !slices.Equal(got, []string{"late"}) {
		t.Fatalf("these have the taint: %v", got)
	}
	k.expect(t) // nothing is new
	without := early.DeepCopy()
	without.Spec.Taints = nil
	k.sawNode(without)
	k.sawLease(report) // renewed
	k.expect(t)

	k.sawLease(k.report("late"))
	k.expect(t, "late")
	if got := k.tainted(t); len(got) > 0 {
		t.Errorf("these have the taint: %v", got)
	}
}

func TestANodeThatIsGoneIsForgotten(t *testing.T) {
	gone := nodeNamed("gone")
	k := newKit(t)
	k.sawNode(gone)
	k.expect(t, "gone") // it isn't there any more: no failure
	k.missNode(toolscache.DeletedFinalStateUnknown{Key: "gone", Obj: gone})
	k.Configure(endpoints())
	k.expect(t)
}

func TestANewConfigurationIsNews(t *testing.T) {
	waiting := nodeNamed("waiting")
	k := newKit(t, waiting)
	k.sawNode(waiting)
	k.expect(t, "waiting")
	k.Configure(endpoints())
	k.expect(t, "waiting")
}

// The node has reported what the switch said before, and reports nothing more
// when it says so again before the node could tell of the other value.
func TestASwitchThatIsTakenBackIsNews(t *testing.T) {
	waiting := nodeNamed("waiting")
	k := newKit(t, waiting)
	says := func(word string) {
		choice := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "registry-failover", Name: inputs.SwitchName}, Data: map[string]string{endpoint: word}}
		if err := k.api.Update(t.Context(), choice); err != nil {
			t.Fatal(err)
		}
		k.sawSwitch()
	}
	says("zhangjiakou")
	k.sawNode(waiting)
	k.sawLease(k.report("waiting"))
	k.expect(t, "waiting")
	if got := k.tainted(t); !slices.Equal(got, []string{"waiting"}) {
		t.Fatalf("these have the taint: %v", got)
	}
	says("hangzhou")
	k.expect(t, "waiting")
	if got := k.tainted(t); len(got) > 0 {
		t.Errorf("these have the taint: %v", got)
	}
}

// TestNewsRings: without a ring nobody calls Reconcile.
func TestNewsRings(t *testing.T) {
	waiting := nodeNamed("waiting")
	k := newKit(t, waiting)
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	defer queue.ShutDown()
	if err := k.bell.Start(t.Context(), queue); err != nil {
		t.Fatal(err)
	}
	for _, news := range []struct {
		of   string
		tell func()
	}{
		{"a start", func() {}},
		{"a node that has the taint", func() { k.sawNode(waiting) }},
		{"its report", func() { k.sawLease(k.report("waiting")) }},
		{"a configuration", func() { k.Configure(endpoints()) }},
		{"a switch", k.sawSwitch},
	} {
		news.tell()
		if queue.Len() != 1 {
			t.Fatalf("%s rings %d times", news.of, queue.Len())
		}
		rung, _ := queue.Get()
		queue.Done(rung)
	}
	k.sawLease(k.report("another"))
	if queue.Len() != 0 {
		t.Error("the report of a node without the taint rings")
	}
}

func TestOneNodeThatFailsHoldsUpNoOther(t *testing.T) {
	k := newKit(t, nodeNamed("unread"), nodeNamed("node-b"))
	k.report("node-b")
	k.refused = "unread"
	k.sawNode(nodeNamed("unread"))
	k.sawNode(nodeNamed("node-b"))
	if _, err := k.reconcile(t); err == nil || !strings.Contains(err.Error(), "the startup taint of Node unread: no route to host") {
		t.Errorf("error %v", err)
	}
	if got := k.tainted(t); !slices.Equal(got, []string{"unread"}) {
		t.Errorf("these have the taint: %v", got)
	}
	k.refused = ""
	k.expect(t, "unread") // it is tried again
}
