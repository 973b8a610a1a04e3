package orphanleases

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

const namespace = "registry-failover"

func lease(name string) *coordinationv1.Lease {
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name, Labels: nodereport.Labels(), UID: "1",
	}}
}

func node(name string) *corev1.Node { return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}} }

func apiServer(t *testing.T, funcs interceptor.Funcs, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithInterceptorFuncs(funcs).Build()
}

func left(t *testing.T, api client.Client) []string {
	t.Helper()
	var list coordinationv1.LeaseList
	if err := api.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range list.Items {
		names = append(names, l.Name)
	}
	slices.Sort(names)
	return names
}

func TestLeasesWithoutANodeGo(t *testing.T) {
	tests := map[string]struct {
		leases, watched, known []string // known are the API server's nodes, watched what the watch has shown of them
		unsynced               bool
		want                   []string
	}{
		"all nodes are there":                        {[]string{"a", "b"}, []string{"a", "b"}, []string{"a", "b"}, false, []string{"a", "b"}},
		"a node is gone":                             {[]string{"a", "b"}, []string{"a"}, []string{"a"}, false, []string{"a"}},
		"a node is so new that the watch lacks it":   {[]string{"a", "new"}, []string{"a"}, []string{"a", "new"}, false, []string{"a", "new"}},
		"a node is gone and the watch still has it":  {[]string{"a"}, []string{"a"}, nil, false, []string{"a"}},
		"the Lease of the election, whatever it has": {[]string{"election"}, nil, nil, false, []string{"election"}},
		"nothing before the watches have begun":      {[]string{"a"}, nil, nil, true, []string{"a"}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			var stored, watched []client.Object
			for _, name := range test.leases {
				stored, watched = append(stored, lease(name)), append(watched, lease(name))
			}
			for _, name := range test.known {
				stored = append(stored, node(name))
			}
			for _, name := range test.watched {
				watched = append(watched, node(name))
			}
			api, watch := apiServer(t, interceptor.Funcs{}, stored...), apiServer(t, interceptor.Funcs{}, watched...)
			s := &Sweeper{
				Options: Options{Client: api, Namespace: namespace, Keep: "election", Log: slog.New(slog.DiscardHandler)},
				leases:  watch, nodes: watch, synced: func() bool { return !test.unsynced },
			}
			again, err := s.Reconcile(t.Context(), reconcile.Request{})
			if err != nil {
				t.Fatal(err)
			}
			if (again.RequeueAfter > 0) != test.unsynced {
				t.Errorf("it looks again after %s", again.RequeueAfter)
			}
			if diff := cmp.Diff(test.want, left(t, api)); diff != "" {
				t.Errorf("Leases left (-want +got):\n%s", diff)
			}
		})
	}
}

func TestANodeThatCannotBeReadKeepsItsLeaseAndNoOthers(t *testing.T) {
	refuse := interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
		if key.Name == "unknown" {
			return errors.New("no route to host")
		}
		return c.Get(ctx, key, object, options...)
	}}
	api := apiServer(t, refuse, lease("unknown"), lease("gone"))
	watch := apiServer(t, interceptor.Funcs{}, lease("unknown"), lease("gone"))
	s := &Sweeper{
		Options: Options{Client: api, Namespace: namespace, Log: slog.New(slog.DiscardHandler)},
		leases:  watch, nodes: watch, synced: func() bool { return true },
	}
	if _, err := s.Reconcile(t.Context(), reconcile.Request{}); err == nil || !strings.Contains(err.Error(), "look for Node unknown") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"unknown"}, left(t, api)); diff != "" {
		t.Errorf("Leases left (-want +got):\n%s", diff)
	}
}

// TestALeaseThatWasWrittenAnewStays deletes by the uid that the decision was made of.
func TestALeaseThatWasWrittenAnewStays(t *testing.T) {
	var precondition *metav1.Preconditions
	record := interceptor.Funcs{Delete: func(_ context.Context, _ client.WithWatch, _ client.Object, options ...client.DeleteOption) error {
		precondition = (&client.DeleteOptions{}).ApplyOptions(options).Preconditions
		return nil
	}}
	old := lease("gone")
	old.UID = "old"
	watch := apiServer(t, interceptor.Funcs{}, old)
	s := &Sweeper{
		Options: Options{Client: apiServer(t, record), Namespace: namespace, Log: slog.New(slog.DiscardHandler)},
		leases:  watch, nodes: watch, synced: func() bool { return true },
	}
	if _, err := s.Reconcile(t.Context(), reconcile.Request{}); err != nil {
		t.Fatal(err)
	}
	if precondition == nil || precondition.UID == nil || *precondition.UID != "old" {
		t.Errorf("the precondition is %v", precondition)
	}
}
