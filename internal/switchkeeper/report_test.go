package switchkeeper

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

// metric is the value of the metric for the endpoint.
func (w *world) metric(metric string) float64 {
	w.Helper()
	families, err := w.registry.Gather()
	w.must(err)
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	w.must(err)
	if len(problems) > 0 {
		w.Errorf("%v", problems)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == metric && m.GetLabel()[0].GetValue() == name {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

func TestInvalidSwitchIsToldOnce(t *testing.T) {
	w := atHangzhou(t)
	if w.metric("registry_failover_switch_valid") != 1 {
		t.Error("a valid switch isn't")
	}
	w.log.Reset()
	for _, value := range []string{"hangzou", "hangzou", "beijing", "beijing"} {
		w.put(inputs.SwitchName, value)
		w.settle()
		if w.metric("registry_failover_switch_valid") != 0 {
			t.Errorf("%s is valid", value)
		}
	}
	w.expect("beijing", lastSwitch("hangzhou"))
	var told []string
	for len(w.events.Events) > 0 {
		told = append(told, (<-w.events.Events)[:len(`Warning InvalidSwitch endpoint "cross-region.registry.io": unknown target "xxxxxxx"`)])
	}
	want := []string{
		`Warning InvalidSwitch endpoint "cross-region.registry.io": unknown target "hangzou"`,
		`Warning InvalidSwitch endpoint "cross-region.registry.io": unknown target "beijing"`,
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	if lines := strings.Count(w.log.String(), "the switch can't be used"); lines != 2 {
		t.Errorf("%d lines in the log: %s", lines, w.log)
	}
	w.put(inputs.SwitchName, "privatezone")
	w.settle()
	if w.metric("registry_failover_switch_valid") != 1 || strings.Count(w.log.String(), "the switch is valid again") != 1 {
		t.Errorf("it isn't valid again: %s", w.log)
	}
}

func TestDamagedStateIsTold(t *testing.T) {
	w := newWorld(t)
	w.put(inputs.StateName, "damaged")
	w.settle()
	w.expect("-", "damaged")
	if w.metric("registry_failover_state_valid") != 0 || w.metric("registry_failover_switch_valid") != 0 {
		t.Error("a damaged state, and no switch, are told to be valid")
	}
	w.put(inputs.SwitchName, "hangzhou")
	w.settle()
	w.expect("hangzhou", lastSwitch("hangzhou"))
	if w.metric("registry_failover_state_valid") != 1 || w.metric("registry_failover_switch_valid") != 1 {
		t.Error("what was repaired is told to be damaged")
	}
}

func TestRestoredSwitchIsCounted(t *testing.T) {
	w := atHangzhou(t)
	for range 2 {
		w.drop(inputs.SwitchName)
		w.settle()
	}
	if n := w.metric("registry_failover_switch_restored_total"); n != 2 {
		t.Errorf("counted %v", n)
	}
}

func TestEndpointThatLeavesTheConfigurationLeavesTheMetrics(t *testing.T) {
	w := atHangzhou(t)
	w.keeper.Configure(nil)
	w.turn()
	if n := testutil.CollectAndCount(w.keeper.report.switchValid); n != 0 {
		t.Errorf("%d are left", n)
	}
}

func TestEventIsNoLongerThanTheAPIAllows(t *testing.T) {
	long := clip(strings.Repeat("…", 1000))
	if len(long) > 1024 || !strings.HasSuffix(long, "…") || strings.ContainsRune(long, '�') || clip("short") != "short" {
		t.Errorf("%d bytes: %q", len(long), long)
	}
}
