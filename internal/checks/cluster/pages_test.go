package cluster

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/registry-failover/registry-failover/internal/checks"
)

// constraints is an API server with n constraints, of which the last is wrong. It gives
// them in pages, and tells how many there were.
func constraints(t *testing.T, n int) (*rest.Config, *atomic.Int32) {
	t.Helper()
	pages := &atomic.Int32{}
	answer := func(w http.ResponseWriter, body any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(body) //nolint:errcheck // a client that has seen enough goes
	}
	version := metav1.GroupVersionForDiscovery{GroupVersion: "constraints.gatekeeper.sh/v1beta1", Version: "v1beta1"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	})
	mux.HandleFunc("GET /apis", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{
			{Name: "constraints.gatekeeper.sh", Versions: []metav1.GroupVersionForDiscovery{version}, PreferredVersion: version},
		}})
	})
	mux.HandleFunc("GET /apis/constraints.gatekeeper.sh/v1beta1", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList"}, GroupVersion: version.GroupVersion, APIResources: []metav1.APIResource{resource("repos", "Repos")}})
	})
	mux.HandleFunc("GET /apis/constraints.gatekeeper.sh/v1beta1/repos", func(w http.ResponseWriter, r *http.Request) {
		pages.Add(1)
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		if limit != page {
			t.Errorf("a page of %d was asked for", limit)
		}
		from, _ := strconv.Atoi(r.FormValue("continue"))
		items := []any{}
		for i := from; i < min(from+limit, n); i++ {
			repos := "docker.io/"
			if i == n-1 {
				repos = public
			}
			items = append(items, map[string]any{
				"apiVersion": version.GroupVersion, "kind": "Repos", "metadata": map[string]any{"name": fmt.Sprint("repos-", i)},
				"spec": map[string]any{"parameters": map[string]any{"repos": []string{repos}}},
			})
		}
		head := map[string]any{"resourceVersion": "1"}
		if from+limit < n {
			head["continue"] = strconv.Itoa(from + limit)
		}
		answer(w, map[string]any{"apiVersion": version.GroupVersion, "kind": "ReposList", "metadata": head, "items": items})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL, QPS: -1}, pages
}

func lookAt(t *testing.T, c *rest.Config) []checks.Finding {
	t.Helper()
	kinds, err := discovery.NewDiscoveryClientForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := dynamic.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	return imagePolicies(t.Context(), Options{Config: example(t), Kinds: kinds, Objects: objects})
}

func TestAllPagesAreRead(t *testing.T) {
	c, pages := constraints(t, 2*page+1)
	got := lookAt(t, c)
	if len(got) != 1 || got[0].Subject != fmt.Sprint("Repos/repos-", 2*page) || pages.Load() != 3 {
		t.Errorf("after %d pages: %+v", pages.Load(), got)
	}
}

func TestTooManyAreNotReadToTheEnd(t *testing.T) {
	c, pages := constraints(t, 10*most)
	got := lookAt(t, c)
	if len(got) != 1 || got[0].Level != checks.Unknown || got[0].Subject != "repos.constraints.gatekeeper.sh" || int(pages.Load()) > most/page+3 {
		t.Errorf("after %d pages: %+v", pages.Load(), got)
	}
}
