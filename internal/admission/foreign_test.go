package admission_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/registry-failover/registry-failover/internal/admission"
)

// records is a log of which everything is kept. One goroutine may use it.
type records []slog.Record

func (*records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r *records) WithGroup(string) slog.Handler          { return r }
func (r *records) Handle(_ context.Context, record slog.Record) error {
	*r = append(*r, record)
	return nil
}

// attributes are those of the last record.
func (r *records) attributes() map[string]string {
	attributes := map[string]string{}
	(*r)[len(*r)-1].Attrs(func(a slog.Attr) bool { attributes[a.Key] = a.Value.String(); return true })
	return attributes
}

func newLogged(t *testing.T) (webhook, *records) {
	t.Helper()
	w, log := webhook{registry: prometheus.NewPedanticRegistry()}, &records{}
	w.Handler = admission.NewHandler(w.registry, slog.New(log))
	must(t, w.Configure(parse(t, "")))
	w.routes = w.Routes()
	return w, log
}

func TestLongTextOfARequestIsNotRepeated(t *testing.T) {
	long := strings.Repeat("ü", 1<<20)
	digits := strings.Repeat("7", 1<<20)
	edit := func(f func(r *admissionv1.AdmissionRequest)) string { return string(review(t, running("nginx"), f)) }
	for sentence, test := range map[string]struct{ body, reason string }{
		"a long version":     {strings.Replace(wrap(head+whole), "k8s.io/v1", long, 1), "set admissionReviewVersions of the webhook configuration to v1"},
		"a long operation":   {edit(func(r *admissionv1.AdmissionRequest) { r.Operation = admissionv1.Operation(long) }), `of "pods" is nothing that this webhook handles`},
		"a long resource":    {edit(func(r *admissionv1.AdmissionRequest) { r.Resource.Resource = long }), "is nothing that this webhook handles: correct the rules of"},
		"a long subresource": {edit(func(r *admissionv1.AdmissionRequest) { r.SubResource = long }), "is nothing that this webhook handles: correct the rules of"},
		"a long number":      {wrap(head + `,"subResource":` + digits + whole), "the AdmissionReview is not readable: "},
		"a long number in the pod": {wrap(head + `,"object":{"metadata":{"labels":{"` + long + `":` + digits + `}}}`),
			"the pod is not readable: "},
		"a long number for a uid": {wrap(`"uid":` + digits + whole), "request.uid of the AdmissionReview is not readable: "},
		"a long uid":              {wrap(`"uid":"` + long + `"`), "is nothing that this webhook handles"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w, log := newLogged(t)
			recorder := w.post("/mutate", strings.NewReader(test.body))
			text := recorder.Body.String()
			if recorder.Code == 200 {
				text = strings.Join(response(t, recorder).Warnings, "\n")
			}
			if !strings.Contains(text, test.reason) || len(strings.TrimSpace(text)) > 256 {
				t.Errorf("%d bytes are answered: %.300s", len(text), text)
			}
			for key, value := range log.attributes() {
				if len(value) > 256 {
					t.Errorf("the log has %d bytes of %s", len(value), key)
				}
			}
		})
	}
}

func TestLogHasOneLineASecondAboutFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, log := newLogged(t)
		for range 1000 {
			w.post("/mutate", strings.NewReader(""))
		}
		compare(t, 1, len(*log))
		compare(t, "0", log.attributes()["notLogged"])
		time.Sleep(time.Second)
		for range 1000 {
			w.post("/audit", strings.NewReader(""))
		}
		compare(t, 2, len(*log))
		compare(t, "999", log.attributes()["notLogged"])
		compare(t, map[string]float64{"failed": 2000}, w.requests(t))
	})
}
