package stragglers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/registry-failover/registry-failover/internal/stragglers"
)

// TestPodsAreReadInPages has an API server that forgets the state of which it began to list.
func TestPodsAreReadInPages(t *testing.T) {
	item := func(name string) string {
		return fmt.Sprintf(`{"metadata":{"name":%q},"spec":{"containers":[{"image":"%s/x"}]}}`, name, source)
	}
	pages := map[string]string{
		"":     `{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"b"},"items":[` + item("one") + `,` + item("two") + `]}`,
		"b":    `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410,"metadata":{"continue":"late"}}`,
		"late": `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[` + item("three") + `]}`,
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if query.Get("limit") != "100" || query.Get("resourceVersion") != "" || query.Get("fieldSelector") != "status.phase!=Succeeded,status.phase!=Failed" {
			t.Errorf("asked for %s", r.URL)
		}
		page := pages[query.Get("continue")]
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(page, "410") {
			w.WriteHeader(http.StatusGone)
		}
		_, _ = w.Write([]byte(page))
	}))
	defer api.Close()
	client, err := corev1client.NewForConfigAndClient(&rest.Config{Host: api.URL}, api.Client())
	must(t, err)
	var got []string
	must(t, stragglers.Pods(t.Context(), client, rewriter(t), "", stragglers.Namespaces{}, func(p stragglers.Pod) { got = append(got, p.Owner) }))
	compare(t, []string{"Pod/one", "Pod/two", "Pod/three"}, got)
}

// TestAPageOfLargePodsIsAskedForInParts has 600 pods of which 100 in the middle
// are as large as a pod may be.
func TestAPageOfLargePodsIsAskedForInParts(t *testing.T) {
	const pods = 600
	filler := strings.Repeat("x", 1<<20)
	asked := 0
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		begin, _ := strconv.Atoi(r.URL.Query().Get("continue"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		end := min(begin+limit, pods)
		next := ""
		if end < pods {
			next = strconv.Itoa(end)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"kind":"PodList","apiVersion":"v1","metadata":{"continue":%q},"items":[`, next)
		for i := begin; i < end; i++ {
			large := ""
			if i >= 250 && i < 350 {
				large = filler
			}
			if _, err := fmt.Fprintf(w, `{"metadata":{"name":"%d","annotations":{"x":%q}},"spec":{"containers":[{"image":"%s/x"}]}}`, i, large, source); err != nil {
				return // nobody reads on
			}
			if i < end-1 {
				fmt.Fprint(w, ",")
			}
		}
		fmt.Fprint(w, "]}")
	}))
	defer api.Close()
	c := &rest.Config{Host: api.URL, QPS: -1}
	c.Wrap(stragglers.LimitAnswers)
	client, err := corev1client.NewForConfig(c)
	must(t, err)
	var want, got []string
	for i := range pods {
		want = append(want, "Pod/"+strconv.Itoa(i))
	}
	must(t, stragglers.Pods(t.Context(), client, rewriter(t), "", stragglers.Namespaces{}, func(p stragglers.Pod) { got = append(got, p.Owner) }))
	compare(t, want, got)
	if asked > 100 {
		t.Errorf("%d pages", asked)
	}
}
