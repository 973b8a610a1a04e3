package switchkeeper

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// report tells what is wrong with the switch and its record: a metric always,
// the log and an Event when it changes.
type report struct {
	log                     *slog.Logger
	events                  events.EventRecorder
	switchValid, stateValid *prometheus.GaugeVec
	restored                *prometheus.CounterVec
	uninstall               prometheus.Gauge
	standing                *standing
	now                     func() time.Time
	told                    map[string]Problem // nil before the first look
	toldUninstalling        bool
}

func newReport(metrics prometheus.Registerer, recorder events.EventRecorder, log *slog.Logger) *report {
	r := &report{
		log: log, events: recorder, standing: newStanding(metrics), now: time.Now,
		switchValid: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_switch_valid",
			Help: "1 when the switch that stands there is valid.",
		}, []string{"endpoint"}),
		stateValid: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_state_valid",
			Help: "0 when the state that stands there can't be read, or the switch can't be recorded in it.",
		}, []string{"endpoint"}),
		restored: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_switch_restored_total",
			Help: "How often a missing switch was brought back with its last valid value.",
		}, []string{"endpoint"}),
		uninstall: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registry_failover_uninstalling",
			Help: "1 while the switch says that the product is being uninstalled: no node has a block, also not in a failover.",
		}),
	}
	metrics.MustRegister(r.switchValid, r.stateValid, r.restored, r.uninstall)
	return r
}

// problems tells of the endpoints' problems. An Event is about the switch as it was read.
func (r *report) problems(current *corev1.ConfigMap, endpoints []zone.Endpoint, problems map[string]Problem, writes map[string]rollout.Writer) {
	r.switchValid.Reset() // an endpoint may have left the configuration
	r.stateValid.Reset()
	told := map[string]Problem{}
	for _, e := range endpoints {
		now, before := problems[e.Name], r.told[e.Name]
		told[e.Name] = now
		_, stands := current.Data[e.Name]
		r.switchValid.WithLabelValues(e.Name).Set(bit(stands && now.Switch == nil))
		r.stateValid.WithLabelValues(e.Name).Set(bit(now.State == nil))
		if text(now.Switch) != text(before.Switch) {
			if now.Switch == nil {
				r.log.Info("the switch is valid again", "endpoint", e.Name)
			} else {
				r.log.Error("the switch can't be used: nodes keep the last valid value", "error", now.Switch)
				if version(current) != "" {
					r.invalid(current, e.Name, now.Switch, writes[e.Name])
				}
			}
		}
		if text(now.State) != text(before.State) {
			if now.State == nil {
				r.log.Info("the record of the switch is valid again", "endpoint", e.Name)
			} else {
				r.log.Error("the record of the switch is not in order", "endpoint", e.Name, "error", now.State)
			}
		}
	}
	r.told = told
}

// uninstalling tells of a mark that holds: one that somebody has forgotten keeps
// a failover from every node.
func (r *report) uninstalling(now bool) {
	r.uninstall.Set(bit(now))
	if now == r.toldUninstalling {
		return
	}
	r.toldUninstalling = now
	if now {
		r.log.Warn("the switch is marked: nodes remove their blocks and no failover reaches them; to stay installed take the annotation away",
			"annotation", inputs.UninstallAnnotation)
	} else {
		r.log.Info("the switch is not marked any more")
	}
}

// unrecorded tells of records that couldn't be written.
func (r *report) unrecorded(records map[string]string) {
	for name := range records {
		r.stateValid.WithLabelValues(name).Set(0)
	}
}

// sorted are the keys in an order that stays.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// clip keeps to the 1024 bytes that an Event's note may have.
func clip(sentence string) string {
	const most = 1024
	if len(sentence) <= most {
		return sentence
	}
	return strings.ToValidUTF8(sentence[:most-len("…")], "") + "…"
}
