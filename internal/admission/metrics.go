package admission

import (
	"hash/maphash"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Results of a request, as the label result has them.
const (
	resultRewritten = "rewritten"
	resultAudited   = "audited"
	resultUnchanged = "unchanged"
	resultFailed    = "failed"
)

// What was done about a pod's pull secrets, as the label result has it.
const (
	credentialsAttached = "attached"
	credentialsWarned   = "warned"
)

type metrics struct {
	requests *prometheus.CounterVec
	images   *prometheus.CounterVec
	secrets  *prometheus.CounterVec
	duration prometheus.Histogram
}

// NewHandler makes a Handler and registers its metrics.
func NewHandler(registerer prometheus.Registerer, log *slog.Logger) *Handler {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_admission_requests_total",
			Help: "AdmissionReviews by result: rewritten, audited (would have been rewritten), unchanged, failed (not understood or too many at once, admitted as written).",
		}, []string{"result"}),
		images: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_admission_images_total",
			Help: "Images looked at, by field, shared endpoint and reason.",
		}, []string{"field", "endpoint", "reason"}),
		secrets: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_admission_pull_secrets_total",
			Help: "AdmissionReviews of new pods by what was done about their pull secrets: attached (further ones were appended), warned (a credential is missing or ends within an hour, or the list is too long).",
		}, []string{"result"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "registry_failover_admission_duration_seconds",
			Help:    "Time from the start of a request's body to the decision.",
			Buckets: []float64{.00001, .000025, .00005, .0001, .0002, .0003, .0005, .00075, .001, .0025, .005, .01, .05, .1, .5, 2},
		}),
	}
	for _, result := range []string{resultRewritten, resultAudited, resultUnchanged, resultFailed} {
		m.requests.WithLabelValues(result)
	}
	for _, result := range []string{credentialsAttached, credentialsWarned} {
		m.secrets.WithLabelValues(result)
	}
	owners := &owners{log: log, seed: maphash.MakeSeed()}
	recreating := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "registry_failover_admission_recreating_owners",
		Help: "Owners of which a rewritten pod was created at least 5 times within the last hour under the same name, by this replica's count: they may recreate it for ever.",
	}, owners.recreating)
	registerer.MustRegister(m.requests, m.images, m.secrets, m.duration, recreating)
	return &Handler{metrics: m, log: log, load: newLoad(), owners: owners}
}

func (m *metrics) observe(d Decision, err error, audit bool, took time.Duration) {
	m.duration.Observe(took.Seconds())
	result := resultUnchanged
	for _, f := range d.Findings {
		m.images.WithLabelValues(string(f.Field.Kind), f.Result.Endpoint, string(f.Result.Reason)).Inc()
		if f.Result.Changed() {
			result = resultRewritten
		}
	}
	if d.Credentials != "" {
		m.secrets.WithLabelValues(d.Credentials).Inc()
	}
	switch {
	case err != nil:
		result = resultFailed
	case audit && result == resultRewritten:
		result = resultAudited
	}
	m.requests.WithLabelValues(result).Inc()
}
