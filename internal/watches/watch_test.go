package watches

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// A Role that names objects allows to list and watch them with this field
// selector only, and one of a namespace nothing beyond it.
func TestAWatchAsksForNoMoreThanItsRoleAllows(t *testing.T) {
	for name, test := range map[string]struct {
		object    client.Object
		selection Selection
		want      request
	}{
		"one ConfigMap": {
			&corev1.ConfigMap{}, Selection{Namespace: "ns", Name: "registry-failover"},
			request{path: "/api/v1/namespaces/ns/configmaps", fields: "metadata.name=registry-failover"},
		},
		"labelled Secrets of a namespace, by name only": {
			Metadata(corev1.SchemeGroupVersion.WithKind("Secret")), Selection{Namespace: "ns", Labels: labels.Set{"a": "b"}},
			request{path: "/api/v1/namespaces/ns/secrets", labels: "a=b"},
		},
		"all Nodes, by name only": {
			Metadata(corev1.SchemeGroupVersion.WithKind("Node")), Selection{},
			request{path: "/api/v1/nodes"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan request, 10)
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				query := r.URL.Query()
				asked <- request{r.URL.Path, query.Get("fieldSelector"), query.Get("labelSelector")}
				http.Error(w, "", http.StatusForbidden)
			}))
			defer api.Close()
			mapper := meta.NewDefaultRESTMapper(nil)
			mapper.Add(corev1.SchemeGroupVersion.WithKind("ConfigMap"), meta.RESTScopeNamespace)
			mapper.Add(corev1.SchemeGroupVersion.WithKind("Secret"), meta.RESTScopeNamespace)
			mapper.Add(corev1.SchemeGroupVersion.WithKind("Node"), meta.RESTScopeRoot)
			mgr, err := manager.New(&rest.Config{Host: api.URL}, manager.Options{
				Scheme: scheme.Scheme, Metrics: server.Options{BindAddress: "0"},
				MapperProvider: func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return mapper, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			if _, err := New(ctx, mgr, test.object, test.selection); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- mgr.Start(ctx) }()
			if diff := cmp.Diff(test.want, <-asked, cmp.AllowUnexported(request{})); diff != "" {
				t.Errorf("the first request (-want +got):\n%s", diff)
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// request is what matters of a request to the API server.
type request struct{ path, fields, labels string }
