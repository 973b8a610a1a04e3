package switchkeeper

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// FuzzRecord holds that whatever stands in the state, what is written there
// can be read, says what it should, and keeps what others wrote as long as it was readable.
func FuzzRecord(f *testing.F) {
	f.Add(`{"version":1,"lastSwitch":"hangzhou","zones":{"vpc-aaaaa":{"addresses":["10.1.0.10"]}},"x":[1.50,"<&>"]}`, "privatezone")
	f.Add(`{"version":1,"lastSwitch":"hangzhou","lastSwitchSince":"2026-11-24T02:00:00Z"}`, "hangzhou")
	f.Add(`{"version":1,"lastSwitchSince":7}`, "hangzhou")
	f.Add(`{"version":2}`, drill)
	f.Add(`{"version":1,"LASTSWITCH":"zhangjiakou"}`, "hangzhou")
	f.Add(`{"version":1,"lastswitch":"zhangjiakou"}`, "hangzhou")
	f.Add(`{"version":1e400}`, "hangzhou")
	f.Add(`null`, "hangzhou")
	f.Add(``, "hangzhou/public")
	f.Fuzz(func(t *testing.T, before, value string) {
		if _, err := endpoints(t)[0].ParseSwitch(value); err != nil {
			t.Skip("only what is valid is recorded")
		}
		r, readErr := readRecord(before)
		if r.foreign {
			return
		}
		after, err := r.with(value, time.Time{})
		if err != nil {
			if len(before)+len(value) < zone.MaxStateBytes/8 {
				t.Fatalf("%q can't be recorded in %q: %v", value, before, err)
			}
			return
		}
		s, err := zone.ParseState([]byte(after))
		if err != nil || s.LastSwitch != value {
			t.Fatalf("%q became %q: %v", before, after, err)
		}
		again, err := readRecord(after)
		if err != nil || again.lastSwitch != value {
			t.Fatalf("%q: %q, %v", after, again.lastSwitch, err)
		}
		if readErr != nil {
			return
		}
		var had, has map[string]any
		if json.Unmarshal([]byte(before), &had) != nil || json.Unmarshal([]byte(after), &has) != nil {
			t.Fatalf("%q became %q", before, after)
		}
		for _, fields := range []map[string]any{had, has} {
			maps.DeleteFunc(fields, func(name string, _ any) bool { return strings.EqualFold(name, "lastSwitch") || name == sinceField })
		}
		if diff := cmp.Diff(had, has); diff != "" {
			t.Error(diff)
		}
	})
}
