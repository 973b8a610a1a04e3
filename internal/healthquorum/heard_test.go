package healthquorum

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

func TestVoicesAreCountedBySide(t *testing.T) {
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	var all []healthreport.Report
	for n, say := range []struct {
		level healthreport.Level
		named bool
	}{{healthreport.Healthy, true}, {healthreport.Healthy, false}, {healthreport.Slow, false}, {healthreport.Unreachable, false}, {healthreport.Unknown, false}} {
		all = append(all, healthreport.Report{Instances: []healthreport.Instance{
			{Key: hangzhou, Level: say.level, Named: say.named, Since: noon.Add(-time.Duration(n) * time.Minute)},
		}})
	}
	all = append(all, healthreport.Report{}) // of a prober with another configuration
	want := Voices{
		Levels:  map[healthreport.Level]int{"healthy": 2, "slow": 1, "unreachable": 1, "unknown": 2},
		Healthy: []time.Time{noon.Add(-time.Minute), noon},
		Bad:     []time.Time{noon.Add(-3 * time.Minute), noon.Add(-2 * time.Minute)},
		Unnamed: 1,
	}
	if diff := cmp.Diff(want, listen(hangzhou, all)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatWasFoundGoesAlongWithTheVoices(t *testing.T) {
	long := time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC) // synctest's clock begins the day after
	play(t, `{"version":1,"health":{"at":"1999-12-31T23:59:00Z","instances":[{"instance":"hangzhou","network":"internal","level":"healthy","since":"1999-12-31T00:00:00Z"}]}}`, func(c *cluster) {
		if h := c.collector.Heard(); h != nil {
			t.Errorf("before it has looked, it has heard %+v", h)
		}
		c.allSay(healthreport.Healthy)
		time.Sleep(2 * lookEvery)
		h := c.collector.Heard()
		v := h.Of[hangzhou]
		if h.Wanted != 3 || len(v.Healthy) != 3 || v.Found != healthreport.Healthy || !v.Since.Equal(long) || time.Since(h.At) > lookEvery {
			t.Errorf("%+v", h)
		}
		begun := time.Now()
		c.allSay(healthreport.Slow)
		time.Sleep(3 * lookEvery)
		if v := c.collector.Heard().Of[hangzhou]; len(v.Bad) != 3 || v.Found != healthreport.Slow || v.Since.Before(begun) {
			t.Errorf("%+v", v)
		}
	})
}

func TestWhatALeaderFoundLongAgoHasNotLasted(t *testing.T) {
	begun := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	play(t, `{"version":1,"health":{"at":"1999-12-31T23:54:00Z","instances":[{"instance":"hangzhou","network":"internal","level":"healthy","since":"1999-12-31T00:00:00Z"}]}}`, func(c *cluster) {
		c.allSay(healthreport.Healthy)
		time.Sleep(2 * lookEvery)
		if v := c.collector.Heard().Of[hangzhou]; v.Found != healthreport.Healthy || v.Since.Before(begun) {
			t.Errorf("%+v", v)
		}
	})
}
