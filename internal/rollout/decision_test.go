package rollout_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// writes is what the API server notes of a manager that wrote some time ago.
func writes(manager string, ago time.Duration, fields string) metav1.ManagedFieldsEntry {
	at := metav1.NewTime(now.Add(-ago))
	return metav1.ManagedFieldsEntry{Manager: manager, Time: &at, FieldsV1: metav1.NewFieldsV1(fields)}
}

func TestWhoHasThrownTheSwitch(t *testing.T) {
	const (
		only  = `{"f:data":{".":{},"f:cross-region.registry.io":{}}}`
		both  = `{"f:data":{"f:cross-region.registry.io":{},"f:other.registry.io":{}}}`
		other = `{"f:data":{"f:other.registry.io":{}},"f:metadata":{"f:labels":{"f:cross-region.registry.io":{}}}}`
	)
	ago := func(d time.Duration) *time.Time { return new(now.Add(-d)) }
	for sentence, test := range map[string]struct {
		sw       string
		managers []metav1.ManagedFieldsEntry
		want     rollout.Decision
	}{
		"nobody knows": {"hangzhou", nil, rollout.Decision{}},
		"who has written the key": {
			"hangzhou", []metav1.ManagedFieldsEntry{writes("controller", time.Hour, other), writes("kubectl-patch", time.Minute, only)},
			rollout.Decision{Since: ago(time.Minute), By: "kubectl-patch"},
		},
		"who says so": {
			"to: hangzhou\nset-by: oncall\nreason: slow", []metav1.ManagedFieldsEntry{writes("kubectl-patch", time.Minute, only)},
			rollout.Decision{Since: ago(time.Minute), By: "oncall", Reason: "slow"},
		},
		"who says so of a time": {
			"to: hangzhou\nuntil: 2026-11-23T03:00:00Z", nil, rollout.Decision{Until: ago(-time.Hour)},
		},
		"a manager of several keys, of which nobody knows which was last": {
			"hangzhou", []metav1.ManagedFieldsEntry{writes("kubectl-patch", time.Minute, both)},
			rollout.Decision{Since: ago(time.Minute), OrEarlier: true, By: "kubectl-patch"},
		},
		"two who wanted the same: the first has set it": {
			"hangzhou", []metav1.ManagedFieldsEntry{writes("second", time.Minute, only), writes("first", time.Hour, only)},
			rollout.Decision{Since: ago(time.Hour), By: "first"},
		},
		"fields that can't be read, or have no time": {
			"hangzhou", []metav1.ManagedFieldsEntry{writes("a", 0, "{"), writes("b", 0, `{"f:data":[]}`), {Manager: "c"}, {Manager: "d", FieldsV1: metav1.NewFieldsV1(only)}},
			rollout.Decision{},
		},
		"a value that isn't valid": {
			"hangzou", []metav1.ManagedFieldsEntry{writes("kubectl-edit", time.Minute, only)}, rollout.Decision{Since: ago(time.Minute), By: "kubectl-edit"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := rollout.Judge(rollout.Input{Endpoints: []zone.Endpoint{endpoint}, Switch: map[string]string{name: test.sw}, Managers: test.managers, Now: now})
			if diff := cmp.Diff(test.want, s.Endpoints[0].Decision); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatASwitchSaysInAFewWords(t *testing.T) {
	for value, want := range map[string][2]string{
		"hangzhou":                                              {"hangzhou", ""},
		"to: hangzhou\nreason: slow":                            {"hangzhou", ""},
		"reason: slow\nto: hangzhou/public":                     {"hangzhou/public", ""},
		"to: hangzhou\nfrom: privatezone\nshare: 10":            {"hangzhou", "on 10 % of the nodes, privatezone elsewhere"},
		"to: hangzhou\nfrom: zhangjiakou\nnodes: node-a,node-b": {"hangzhou", "on nodes node-a, node-b, zhangjiakou/public elsewhere"},
		"hangzou": {"hangzou", ""},
	} {
		e := rollout.Judge(rollout.Input{Endpoints: []zone.Endpoint{endpoint}, Switch: map[string]string{name: value}, Now: now}).Endpoints[0]
		if got := [2]string{e.Word(), e.Moves()}; got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

// FuzzWriterOf holds that whatever the API server notes, only who owns the key has written it.
func FuzzWriterOf(f *testing.F) {
	f.Add(`{"f:data":{".":{},"f:cross-region.registry.io":{}}}`)
	f.Add(`{"F:DATA":{"f:":null},"f:data":[]}`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, fields string) {
		w := rollout.WriterOf(name, []metav1.ManagedFieldsEntry{writes("m", time.Minute, fields)})
		if known := w != (rollout.Writer{}); known && (w.Manager != "m" || w.At.IsZero() || !json.Valid([]byte(fields))) {
			t.Errorf("%q has the writer %+v", fields, w)
		}
	})
}
