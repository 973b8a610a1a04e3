package healthquorum

import (
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// Heard is what the probers said when their reports were looked at last, for whoever
// judges by other rules than more than half. Nobody changes it.
type Heard struct {
	// At is when that was. Whoever finds it old has heard nobody.
	At time.Time
	// Wanted is how many probers there should be; negative while that isn't known.
	Wanted int
	// Of has each instance of the configuration, by the networks that it is probed over.
	Of map[healthreport.Key]Voices
}

// Voices are what the fresh reports say of one instance over one network.
type Voices struct {
	// Levels counts them.
	Levels map[healthreport.Level]int
	// Healthy and Bad have, of each report that says so, since when it does by its
	// prober's clock, the longest first.
	Healthy, Bad []time.Time
	// Unnamed is how many of Healthy are of answers that name no instance.
	Unnamed int
	// Found is what more than half were found to say when that was published last, and
	// Since when they began to. They are of a leader before this one where it has ended a
	// short time ago, and empty where nothing is known.
	Found healthreport.Level
	Since time.Time
}

// Heard gives what was heard last, nil while nothing was. It may be called at any time.
func (c *Collector) Heard() *Heard { return c.heard.Load() }

// hear keeps what is said for others.
func (c *Collector) hear(cfg *config.Config, fresh []healthreport.Report, now time.Time) {
	h := &Heard{At: now, Wanted: c.Wanted(), Of: map[healthreport.Key]Voices{}}
	for _, e := range cfg.Zones() {
		stands := c.status[e.Name]
		for _, key := range keys(e) {
			v := listen(key, fresh)
			if i, known := stands.find(key); known {
				v.Found, v.Since = i.Level, i.Since
			}
			h.Of[key] = v
		}
	}
	c.heard.Store(h)
}

// recalled is a status as whoever takes it over goes on with it: where nobody has looked
// since long, what was found then hasn't lasted, as far as anybody knows.
func (s Status) recalled(now time.Time) Status {
	if now.Sub(s.At) <= Old {
		return s
	}
	s.Instances = slices.Clone(s.Instances)
	for n := range s.Instances {
		s.Instances[n].Since = now.UTC().Truncate(time.Second)
	}
	return s
}

func listen(key healthreport.Key, fresh []healthreport.Report) Voices {
	v := Voices{Levels: map[healthreport.Level]int{}}
	for _, r := range fresh {
		i := find(r, key)
		v.Levels[i.Level]++
		switch {
		case i.Level.Bad():
			v.Bad = append(v.Bad, i.Since)
		case i.Level == healthreport.Healthy:
			v.Healthy = append(v.Healthy, i.Since)
			if !i.Named {
				v.Unnamed++
			}
		}
	}
	slices.SortFunc(v.Healthy, time.Time.Compare)
	slices.SortFunc(v.Bad, time.Time.Compare)
	return v
}
