package switchkeeper

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

// showsInForce compares the metrics of what is in force.
func (w *world) showsInForce(want string) {
	w.Helper()
	header := `
# HELP registry_failover_switch_followed_zone 1 while the switch in force says privatezone, for all nodes.
# TYPE registry_failover_switch_followed_zone gauge
# HELP registry_failover_switch_target 1 for where the switch in force leads, as a word with its network; with a share or names of nodes, for where it leads those.
# TYPE registry_failover_switch_target gauge
`
	err := testutil.GatherAndCompare(w.registry, strings.NewReader(header+want), "registry_failover_switch_target", "registry_failover_switch_followed_zone")
	if err != nil {
		w.Error(err)
	}
}

func TestWhatIsInForceIsShown(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.showsInForce(`registry_failover_switch_target{endpoint="cross-region.registry.io",target="privatezone"} 1
registry_failover_switch_followed_zone{endpoint="cross-region.registry.io"} 1
`)
	if w.metric("registry_failover_switch_changes_total") != 0 {
		t.Error("no change isn't counted as 0, so that the first would be no increase")
	}
	const failover = `registry_failover_switch_target{endpoint="cross-region.registry.io",target="hangzhou/internal"} 1
registry_failover_switch_followed_zone{endpoint="cross-region.registry.io"} 0
`
	for _, value := range []string{drill, "hangzhou", "nonsense"} { // of which the last changes nothing
		w.put(inputs.SwitchName, value)
		w.settle()
		w.showsInForce(failover)
	}
	since := w.metric("registry_failover_switch_since_timestamp_seconds")
	if since <= 0 {
		t.Errorf("it leads there since %v", since)
	}
	w.put(inputs.SwitchName, "to: hangzhou\nfrom: privatezone\nnodes: a")
	w.settle()
	w.put(inputs.SwitchName, "to: privatezone\nfrom: hangzhou\nshare: 50")
	w.settle()
	w.showsInForce(`registry_failover_switch_target{endpoint="cross-region.registry.io",target="privatezone"} 1
registry_failover_switch_followed_zone{endpoint="cross-region.registry.io"} 0
`)
	w.keeper.Configure(nil)
	w.turn()
	if n, err := testutil.GatherAndCount(w.registry, "registry_failover_switch_target", "registry_failover_switch_changes_total",
		"registry_failover_switch_since_timestamp_seconds", "registry_failover_switch_followed_zone"); err != nil || n != 0 {
		t.Errorf("%v: an endpoint that has left the configuration has %d metrics", err, n)
	}
	if len(w.keeper.InForce()) != 0 {
		t.Errorf("and %v in force", w.keeper.InForce())
	}
}

// TestSinceSurvivesARestart has a record of a day ago.
func TestSinceSurvivesARestart(t *testing.T) {
	w := newWorld(t)
	w.put(inputs.StateName, `{"version":1,"lastSwitch":"hangzhou","lastSwitchSince":"2026-11-24T01:00:00Z"}`)
	w.put(inputs.SwitchName, "hangzhou")
	w.settle()
	if got := w.metric("registry_failover_switch_since_timestamp_seconds"); got != float64(at("01:00:00").Unix()) {
		t.Errorf("it leads there since %v", got)
	}
	if got := w.keeper.InForce()[name]; got != "hangzhou" {
		t.Errorf("in force is %q", got)
	}
}
