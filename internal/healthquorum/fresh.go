package healthquorum

import (
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

// A Sighting is a prober's Lease as it stands.
type Sighting struct {
	Name string
	// Holder is the node that it speaks for.
	Holder string
	// Renewed is what the Lease says, by the prober's clock.
	Renewed time.Time
	Report  healthreport.Report
}

// Freshness tells which reports are fresh, whatever the clocks of nodes say: what
// counts is when a renewal was seen. A Lease that is seen for the first time is as
// old as it says itself.
type Freshness map[string]renewal

type renewal struct{ renewed, seen time.Time }

// Fresh gives the reports of those that were renewed not too long ago, of each node the
// one that it wrote last, in the order of all. It forgets those that aren't among them.
func (f Freshness) Fresh(all []Sighting, now time.Time) []healthreport.Report {
	var voices []Sighting
	there := map[string]bool{}
	for _, s := range all {
		there[s.Name] = true
		before, known := f[s.Name]
		switch {
		case !known:
			f[s.Name] = renewal{s.Renewed, now.Add(-max(0, now.Sub(s.Renewed)))}
		case !before.renewed.Equal(s.Renewed):
			f[s.Name] = renewal{s.Renewed, now}
		}
		if now.Sub(f[s.Name].seen) > healthreport.Fresh {
			continue
		}
		// A pod that has ended may leave its report to its successor's side for a while.
		same := slices.IndexFunc(voices, func(o Sighting) bool { return s.Holder != "" && o.Holder == s.Holder })
		switch {
		case same < 0:
			voices = append(voices, s)
		case s.Renewed.After(voices[same].Renewed): // by the one clock that both have
			voices[same] = s
		}
	}
	for name := range f {
		if !there[name] {
			delete(f, name)
		}
	}
	fresh := make([]healthreport.Report, len(voices))
	for n, v := range voices {
		fresh[n] = v.Report
	}
	return fresh
}
