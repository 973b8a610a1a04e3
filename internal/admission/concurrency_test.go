package admission_test

import (
	"sync"
	"testing"
)

// TestRequestsDuringConfigure holds that each request meets one configuration
// from beginning to end: a patch, or the warning of Audit, never both or none.
func TestRequestsDuringConfigure(t *testing.T) {
	w := newWebhook(t, "")
	enforced, audited := parse(t, ""), parse(t, audit)
	body := review(t, running(source+"/demo/web:1"))
	var requests sync.WaitGroup
	for range 4 {
		requests.Go(func() {
			for range 100 {
				if r := w.ask(t, "/mutate", body); (r.Patch != nil) == (r.Warnings != nil) {
					t.Errorf("patch %s, warnings %q", r.Patch, r.Warnings)
				}
				if r := w.ask(t, "/audit", body); r.Patch != nil || r.Warnings == nil {
					t.Errorf("the audit path: patch %s, warnings %q", r.Patch, r.Warnings)
				}
			}
		})
	}
	for range 100 {
		must(t, w.Configure(audited))
		must(t, w.Configure(enforced))
	}
	requests.Wait()
	if counts := w.requests(t); counts["rewritten"]+counts["audited"] != 800 || len(counts) > 2 {
		t.Errorf("%v", counts)
	}
}
