package admission_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/registry-failover/registry-failover/internal/admission"
)

// owned is a pod of a source image with a controller; name is metadata.name, or metadata.generateName where it ends with a dash.
func owned(name, kind, owner string) string {
	field := "name"
	if strings.HasSuffix(name, "-") {
		field = "generateName"
	}
	return fmt.Sprintf(`{"metadata":{"%s":"%s","namespace":"shop","ownerReferences":[{"kind":"Other","uid":"other"},{"kind":"%s","name":"%s","uid":"uid of %s","controller":true}]},
		"spec":{"containers":[{"name":"a","image":"%s/demo/web:1"}]}}`, field, name, kind, owner, owner, source)
}

// newOwnerWebhook is a webhook and what it logs.
func newOwnerWebhook(t *testing.T, added string) (webhook, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	w := webhook{registry: prometheus.NewPedanticRegistry()}
	w.Handler = admission.NewHandler(w.registry, slog.New(slog.NewTextHandler(&log, nil)))
	must(t, w.Configure(parse(t, added)))
	w.routes = w.Routes()
	return w, &log
}

func (w webhook) recreating(t *testing.T) float64 {
	t.Helper()
	families, err := w.registry.Gather()
	must(t, err)
	for _, family := range families {
		if family.GetName() == "registry_failover_admission_recreating_owners" {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatal("there is no such metric")
	return 0
}

func TestWhoRecreatesPodsForEver(t *testing.T) {
	dryRun := func(r *admissionv1.AdmissionRequest) { r.DryRun = new(bool); *r.DryRun = true }
	cluster := owned("db-1", "Cluster", "db")
	secondPass := strings.Replace(cluster, `"namespace"`, `"annotations":{"registry-failover.io/original-images":"{}"},"namespace"`, 1)
	for sentence, test := range map[string]struct {
		added string
		pods  []string // created in turn, each as the edits say
		edits []func(*admissionv1.AdmissionRequest)
		every time.Duration
		times int
		want  float64
	}{
		"an operator that replaces its pod":                 {pods: []string{cluster}, every: 10 * time.Minute, times: 5, want: 1},
		"four times may be anything":                        {pods: []string{cluster}, every: time.Minute, times: 4},
		"five times, but not within an hour":                {pods: []string{cluster}, every: 15 * time.Minute, times: 5},
		"an operator with two pods is one owner":            {pods: []string{cluster, owned("db-2", "Cluster", "db")}, every: time.Minute, times: 5, want: 1},
		"two operators":                                     {pods: []string{cluster, owned("q-0", "StatefulSet", "q")}, every: time.Minute, times: 5, want: 2},
		"an operator that has names generated":              {pods: []string{owned("catalog-", "CatalogSource", "catalog")}, every: time.Minute, times: 5, want: 1},
		"a ReplicaSet that is scaled":                       {pods: []string{owned("web-6d4b-", "ReplicaSet", "web-6d4b")}, every: time.Second, times: 100},
		"a workflow whose pods have names of their own":     {pods: []string{owned("a", "Workflow", "w"), owned("b", "Workflow", "w"), owned("c", "Workflow", "w")}, every: time.Second, times: 4},
		"a second pass over a pod, after a sidecar came in": {pods: []string{cluster, secondPass}, every: time.Minute, times: 4},
		"a pod without an owner":                            {pods: []string{running(source + "/x")}, every: time.Minute, times: 10},
		"a pod that is not rewritten":                       {pods: []string{strings.ReplaceAll(cluster, source, shared)}, every: time.Minute, times: 10},
		"in Audit nothing is rewritten":                     {added: audit, pods: []string{cluster}, every: time.Minute, times: 10},
		"a dry run creates nothing":                         {pods: []string{cluster}, edits: []func(*admissionv1.AdmissionRequest){dryRun}, every: time.Minute, times: 10},
		"an update creates nothing":                         {added: onUpdate, pods: []string{cluster}, edits: []func(*admissionv1.AdmissionRequest){updateOf(running("nginx"), "")}, every: time.Minute, times: 10},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _ := newOwnerWebhook(t, test.added)
				for i := range test.times {
					if i > 0 {
						time.Sleep(test.every)
					}
					for _, pod := range test.pods {
						w.ask(t, "/mutate", review(t, pod, test.edits...))
					}
				}
				if got := w.recreating(t); got != test.want {
					t.Errorf("%v owners, not %v", got, test.want)
				}
				time.Sleep(time.Hour)
				if got := w.recreating(t); got != 0 {
					t.Errorf("%v owners still an hour after", got)
				}
			})
		})
	}
}

func TestAnOwnerIsNamedInTheLogOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, log := newOwnerWebhook(t, "")
		for range 85 { // at 0, 1, … 84 minutes
			w.ask(t, "/mutate", review(t, owned("db-1", "Cluster", "db")))
			time.Sleep(time.Minute)
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[0], "kind=Cluster namespace=shop owner=db pod=db-1 notLogged=0") {
			t.Errorf("the log holds\n%s", log)
		}
	})
}

func TestAnOwnerWhoseLineWasAnothersIsNamedAtTheNextPod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, log := newOwnerWebhook(t, "")
		for range 6 {
			w.ask(t, "/mutate", review(t, owned("db-1", "Cluster", "db")))
			w.ask(t, "/mutate", review(t, owned("q-1", "Cluster", "q")))
			time.Sleep(time.Minute)
		}
		for _, line := range []string{"owner=db pod=db-1 notLogged=0", "owner=q pod=q-1 notLogged=1"} {
			if strings.Count(log.String(), line) != 1 {
				t.Errorf("%q is not once in\n%s", line, log)
			}
		}
	})
}

// TestOneLoopAmongManyPods has a thousand pods of other names beside it.
func TestOneLoopAmongManyPods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := newOwnerWebhook(t, "")
		for i := range 5 {
			w.ask(t, "/mutate", review(t, owned("db-1", "Cluster", "db")))
			for j := range 200 {
				w.ask(t, "/mutate", review(t, owned(fmt.Sprintf("task-%d-%d", i, j), "Workflow", "w")))
			}
			time.Sleep(time.Minute)
		}
		if got := w.recreating(t); got != 1 {
			t.Errorf("%v owners", got)
		}
	})
}
