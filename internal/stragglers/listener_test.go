package stragglers_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/stragglers"
)

// ear notes what it hears.
type ear struct{ heard []string }

func (e *ear) Begin() (func(*corev1.Pod), func()) {
	e.heard = append(e.heard, "begin")
	return func(p *corev1.Pod) { e.heard = append(e.heard, p.Name) }, func() { e.heard = append(e.heard, "end") }
}

func TestListenersSeeEveryPodOfASurvey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fake.NewClientset(pod("shop", "a", []string{source + "/demo/web:1"}), pod("shop", "b", []string{"nginx"}))
		var failing atomic.Bool
		cluster.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			return failing.Load(), nil, errors.New("forbidden")
		})
		one, two := &ear{}, &ear{}
		c := stragglers.New(stragglers.Options{
			Client: cluster.CoreV1(), Namespace: "registry-failover", Metrics: prometheus.NewPedanticRegistry(), Log: silent,
			Listeners: []stragglers.Listener{one, two},
		})
		must(t, c.Configure(parse(t)))
		during(t, c, func() {
			failing.Store(true)
			time.Sleep(330 * time.Second)
			synctest.Wait()
		})
		compare(t, []string{"begin", "a", "b", "end", "begin"}, one.heard[:5])
		if slices.Contains(one.heard[5:], "end") { // it may have failed twice by now
			t.Errorf("a survey that fails ends: %v", one.heard)
		}
		compare(t, one.heard, two.heard)
	})
}

// TestPendingPodsAreAskedOfTheCache has an API server whose answer of all is too long.
func TestPendingPodsAreAskedOfTheCache(t *testing.T) {
	filler := strings.Repeat("x", 17<<20)
	for sentence, test := range map[string]struct {
		long bool
		want []string
	}{
		"at once":                      {false, []string{"limit= resourceVersion=0"}},
		"in pages where they are many": {true, []string{"limit= resourceVersion=0", "limit=100 resourceVersion="}},
	} {
		t.Run(sentence, func(t *testing.T) {
			var asked []string
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				query := r.URL.Query()
				asked = append(asked, "limit="+query.Get("limit")+" resourceVersion="+query.Get("resourceVersion"))
				if query.Get("fieldSelector") != "status.phase=Pending" {
					t.Errorf("asked for %s", r.URL)
				}
				note := ""
				if test.long && query.Get("limit") == "" {
					note = filler
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = fmt.Fprintf(w, `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"one","annotations":{"note":%q}}}]}`, note)
			}))
			defer api.Close()
			config := &rest.Config{Host: api.URL}
			config.Wrap(stragglers.LimitAnswers)
			client, err := corev1client.NewForConfig(config)
			must(t, err)
			var got []string
			must(t, stragglers.EachPending(t.Context(), client, func(p *corev1.Pod) { got = append(got, p.Name) }))
			compare(t, []string{"one"}, got)
			compare(t, test.want, asked)
		})
	}
}
