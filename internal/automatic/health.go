package automatic

import (
	"time"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// oldestHeard is the age from which it counts for nothing what the probers have said: it
// is heard again every five seconds, and somewhat later while an API server is silent.
const oldestHeard = time.Minute

// vantage is what the probers say of an endpoint, for the decision.
func vantage(heard *healthquorum.Heard, endpoint string) (points int, health map[zone.Target]failover.Health) {
	if heard == nil || heard.Wanted < 0 {
		return 0, nil
	}
	health = map[zone.Target]failover.Health{}
	for key, v := range heard.Of {
		if key.Endpoint == endpoint {
			health[zone.Target{Instance: key.Instance, Network: key.Network}] = judge(v, heard.Wanted, heard.At)
		}
	}
	return heard.Wanted, health
}

// judge makes two sides of the voices. One that doesn't know is on neither.
func judge(v healthquorum.Voices, points int, at time.Time) failover.Health {
	healthy, bad := len(v.Healthy), len(v.Bad)
	h := failover.Health{Level: failover.Healthy, For: healthy, Against: bad, Unnamed: v.Unnamed}
	began, same := v.Healthy, v.Found == healthreport.Healthy
	switch {
	case healthy+bad == 0:
		return failover.Health{}
	case bad > healthy:
		h = failover.Health{Level: level(v.Levels), For: bad, Against: healthy}
		began, same = v.Bad, v.Found.Bad()
	}
	// What the probers tell by their own clocks outlives whoever listens to them, and what
	// was published outlives them. A minority of clocks that are wrong makes no difference.
	h.Since = at
	if need := failover.Quorum(max(points, healthy+bad)); need <= len(began) {
		h.Since = earlier(h.Since, began[need-1])
	}
	if same {
		h.Since = earlier(h.Since, v.Since)
	}
	return h
}

// level is the one that most of those say that find it bad.
func level(said map[healthreport.Level]int) failover.Level {
	failing := said[healthreport.Failing] + said[healthreport.Unreachable]
	wrong, slow := said[healthreport.WrongIdentity], said[healthreport.Slow]
	switch {
	case failing >= wrong && failing >= slow:
		return failover.Failing
	case wrong >= slow:
		return failover.Wrong
	default:
		return failover.Slow
	}
}

// earlier is the earlier of two, of which the second may not be known.
func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
