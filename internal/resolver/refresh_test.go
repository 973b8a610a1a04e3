package resolver

import (
	"net/netip"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Each lookup that gives the same again would cost every node a write to its disk.
func TestTheTimeOfTheSameAgainIsWrittenOnceInFiveMinutes(t *testing.T) {
	m := memory{lookups: map[string]lookup{}}
	at := time.Unix(1000, 500)
	same := zone.Records{Addrs: []netip.Addr{netip.MustParseAddr("10.2.0.99")}}
	other := zone.Records{Addrs: []netip.Addr{netip.MustParseAddr("10.2.0.98")}}
	for _, step := range []struct {
		sentence string
		after    time.Duration
		records  zone.Records
		want     time.Time
	}{
		{"the first", 0, same, time.Unix(1000, 0)},
		{"the same soon after", time.Minute, same, time.Unix(1000, 0)},
		{"others at once", time.Minute, other, time.Unix(1120, 0)},
		{"the same just within the time", 5*time.Minute - time.Second, other, time.Unix(1120, 0)},
		{"the same after it", time.Second, other, time.Unix(1420, 0)},
		{"the same, with the clock set back", -time.Hour, other, time.Unix(1420-3600, 0)},
	} {
		at = at.Add(step.after)
		if got := m.refresh("a.io", lookup{step.records, at}); !got.LookedUp.Equal(step.want) || got.Addrs[0] != step.records.Addrs[0] {
			t.Errorf("%s: %v, want the time %v", step.sentence, got, step.want)
		}
	}
}
