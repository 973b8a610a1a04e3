package automatic

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/healthreport"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// ago are times before noon, in minutes.
func ago(minutes ...int) []time.Time {
	var all []time.Time
	for _, m := range minutes {
		all = append(all, noon.Add(-time.Duration(m)*time.Minute))
	}
	return all
}

func TestWhatTheVoicesMean(t *testing.T) {
	type levels = map[healthreport.Level]int
	for sentence, test := range map[string]struct {
		voices healthquorum.Voices
		points int
		want   failover.Health
	}{
		"nobody has looked": {healthquorum.Voices{Levels: levels{"unknown": 3}}, 3, failover.Health{}},
		"who doesn't know is on neither side": {
			healthquorum.Voices{Levels: levels{"healthy": 2, "unknown": 1}, Healthy: ago(30, 20)}, 3,
			failover.Health{Level: failover.Healthy, For: 2, Since: noon.Add(-20 * time.Minute)},
		},
		"it has been so since two thirds have said so": {
			healthquorum.Voices{Levels: levels{"healthy": 4}, Healthy: ago(90, 60, 30, 0)}, 4,
			failover.Health{Level: failover.Healthy, For: 4, Since: noon.Add(-30 * time.Minute)},
		},
		"or since it was found by more than half": {
			healthquorum.Voices{Levels: levels{"healthy": 3}, Healthy: ago(1, 1, 1), Found: healthreport.Healthy, Since: noon.Add(-time.Hour)}, 3,
			failover.Health{Level: failover.Healthy, For: 3, Since: noon.Add(-time.Hour)},
		},
		"not since something else was found": {
			healthquorum.Voices{Levels: levels{"healthy": 3}, Healthy: ago(1, 1, 1), Found: healthquorum.Disagreement, Since: noon.Add(-time.Hour)}, 3,
			failover.Health{Level: failover.Healthy, For: 3, Since: noon.Add(-time.Minute)},
		},
		"too few tell nothing of since when": {
			healthquorum.Voices{Levels: levels{"healthy": 1}, Healthy: ago(60)}, 3,
			failover.Health{Level: failover.Healthy, For: 1, Since: noon},
		},
		"a clock that is ahead begins now": {
			healthquorum.Voices{Levels: levels{"healthy": 1}, Healthy: ago(-60)}, 1,
			failover.Health{Level: failover.Healthy, For: 1, Since: noon},
		},
		"a report without a time begins now": {
			healthquorum.Voices{Levels: levels{"healthy": 1}, Healthy: []time.Time{{}}}, 1,
			failover.Health{Level: failover.Healthy, For: 1, Since: noon},
		},
		"answers that name nobody go along": {
			healthquorum.Voices{Levels: levels{"healthy": 2}, Healthy: ago(5, 5), Unnamed: 1}, 2,
			failover.Health{Level: failover.Healthy, For: 2, Unnamed: 1, Since: noon.Add(-5 * time.Minute)},
		},
		"as many on both sides agree on nothing": {
			healthquorum.Voices{Levels: levels{"healthy": 1, "slow": 1}, Healthy: ago(5), Bad: ago(5)}, 2,
			failover.Health{Level: failover.Healthy, For: 1, Against: 1, Since: noon},
		},
		"all kinds of ill are one side, named by most": {
			healthquorum.Voices{Levels: levels{"healthy": 1, "slow": 2, "wrong-identity": 1, "unreachable": 1}, Healthy: ago(60), Bad: ago(4, 3, 2, 1), Found: "slow", Since: noon.Add(-2 * time.Minute)}, 5,
			failover.Health{Level: failover.Slow, For: 4, Against: 1, Since: noon.Add(-2 * time.Minute)},
		},
		"unreachable is failing": {
			healthquorum.Voices{Levels: levels{"slow": 2, "failing": 1, "unreachable": 1}, Bad: ago(4, 3, 2, 1)}, 4,
			failover.Health{Level: failover.Failing, For: 4, Since: noon.Add(-2 * time.Minute)},
		},
		"another instance's answers are wrong": {
			healthquorum.Voices{Levels: levels{"slow": 1, "wrong-identity": 2}, Bad: ago(4, 3, 2)}, 3,
			failover.Health{Level: failover.Wrong, For: 3, Since: noon.Add(-3 * time.Minute)},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, judge(test.voices, test.points, noon)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhereItIsNotKnownHowManyThereShouldBeNobodySeesAnything(t *testing.T) {
	heard := &healthquorum.Heard{At: noon, Wanted: -1, Of: map[healthreport.Key]healthquorum.Voices{
		{Endpoint: shared, Instance: "hangzhou", Network: "internal"}: {Healthy: ago(60)},
		{Endpoint: other, Instance: "hangzhou", Network: "internal"}:  {Healthy: ago(60)},
	}}
	if points, health := vantage(heard, shared); points != 0 || len(health) > 0 {
		t.Errorf("%d, %v", points, health)
	}
	heard.Wanted = 1
	if points, health := vantage(heard, shared); points != 1 || len(health) != 1 || health[hangzhou].For != 1 {
		t.Errorf("%d, %v", points, health)
	}
}

func TestWhatWasHeardLongAgoCountsForNothing(t *testing.T) {
	c := &Controller{Options: Options{Heard: func() *healthquorum.Heard { return &healthquorum.Heard{At: time.Now().Add(-2 * oldestHeard)} }}}
	if c.heard() != nil {
		t.Error("it counts")
	}
}
