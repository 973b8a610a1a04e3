package admission_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	admissionv1 "k8s.io/api/admission/v1"
)

// samples are the values of a metric by its label values, joined by a space, in the order of the labels' names.
func (w webhook) samples(t testing.TB, name string) map[string]float64 {
	t.Helper()
	families, err := w.registry.Gather()
	must(t, err)
	values := map[string]float64{}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			var labels []string
			for _, label := range m.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			values[strings.Join(labels, " ")] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}

// requests are the counts of requests by result, without zeroes.
func (w webhook) requests(t testing.TB) map[string]float64 {
	t.Helper()
	counts := w.samples(t, "registry_failover_admission_requests_total")
	maps.DeleteFunc(counts, func(_ string, count float64) bool { return count == 0 })
	return counts
}

func TestMetrics(t *testing.T) {
	w := newWebhook(t, "")
	compare(t, map[string]float64{"audited": 0, "failed": 0, "rewritten": 0, "unchanged": 0}, w.samples(t, "registry_failover_admission_requests_total"))
	pod := running(source+"/demo/web:1", "nginx", shared+"/demo/x", "quay.io/x/y", "", internal+"/demo/web:1")
	w.ask(t, "/mutate", review(t, pod))
	w.ask(t, "/mutate", review(t, pod))
	w.ask(t, "/audit", review(t, pod))
	w.ask(t, "/mutate", review(t, running("nginx")))
	w.ask(t, "/audit", review(t, running("nginx")))
	w.ask(t, "/mutate", review(t, `{"spec":{}}`))
	w.post("/mutate", errReader{})
	compare(t, map[string]float64{"rewritten": 2, "audited": 1, "unchanged": 2, "failed": 2}, w.requests(t))
	compare(t, map[string]float64{
		shared + " containers Rewritten":     6,
		shared + " containers AlreadyShared": 3,
		" containers NoHost":                 5,
		" containers OtherHost":              3,
		" containers InvalidReference":       3,
	}, w.samples(t, "registry_failover_admission_images_total"))
	compare(t, map[string]float64{"": 7}, w.samples(t, "registry_failover_admission_duration_seconds"))

	families, err := w.registry.Gather()
	must(t, err)
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	must(t, err)
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

// TestAPercentileBelowAMillisecondCanBeRead: it is read as somewhere within a
// bucket, so that it is wrong by no more than the bucket's ends differ.
func TestAPercentileBelowAMillisecondCanBeRead(t *testing.T) {
	w := newWebhook(t, "")
	families, err := w.registry.Gather()
	must(t, err)
	for _, family := range families {
		if family.GetName() != "registry_failover_admission_duration_seconds" {
			continue
		}
		below, last := 0.00001, 0.0
		for _, bucket := range family.GetMetric()[0].GetHistogram().GetBucket() {
			bound := bucket.GetUpperBound()
			if bound <= 0.001 && bound > 2.5001*below {
				t.Errorf("there is no bucket between %g s and %g s", below, bound)
			}
			if bound <= 0.001 {
				last = bound
			}
			below = bound
		}
		compare(t, 0.001, last)
		return
	}
	t.Error("there is no histogram")
}

func TestStrangersMakeNoNewSeries(t *testing.T) {
	w := newWebhook(t, onUpdate)
	ask := func(stranger string) []string {
		pod := running(source+"/"+stranger, stranger+".example.com/x", stranger, "::"+stranger)
		w.ask(t, "/mutate", review(t, pod))
		w.ask(t, "/mutate", review(t, pod, updateOf(running(stranger), "")))
		w.ask(t, "/mutate", review(t, pod, func(r *admissionv1.AdmissionRequest) {
			r.Operation, r.SubResource, r.Resource.Resource = admissionv1.Operation(stranger), stranger, stranger
		}))
		return slices.Sorted(maps.Keys(w.samples(t, "registry_failover_admission_images_total")))
	}
	want := ask("stranger")
	for i := range 20 {
		compare(t, want, ask("stranger"+strconv.Itoa(i)))
	}
}
