package readiness

import (
	"slices"
	"time"
)

// Summary counts what is found of an endpoint's images. Silent tells by instance why it
// isn't asked now.
func (b *Book) Summary(name string, silent map[string]string, now time.Time) Status {
	s := Status{At: now.UTC().Truncate(time.Second), Complete: true, Instances: []InstanceStatus{}, Conditions: []Condition{}}
	e := b.endpoints[name]
	if e == nil {
		return s
	}
	oldest := make([]int64, len(e.Instances))
	for _, i := range e.Instances {
		s.Instances = append(s.Instances, InstanceStatus{Instance: i.Name, Silent: silent[i.Name]})
	}
	for _, entry := range b.entries {
		if entry.endpoint != e {
			continue
		}
		s.Images++
		for n := range s.Instances {
			f, isUntried := entry.finding(n)
			s.Instances[n].count(f)
			if isUntried {
				s.Instances[n].Untried++
			}
			s.Complete = s.Complete && (entry.records[n].tried || s.Instances[n].Silent != "")
			if asked := entry.records[n].asked; asked > 0 && (oldest[n] == 0 || asked < oldest[n]) {
				oldest[n] = asked
			}
		}
	}
	for n := range s.Instances {
		i := &s.Instances[n]
		i.Share = 1
		if s.Images > 0 {
			i.Share = float64(i.Present) / float64(s.Images)
		}
		if oldest[n] > 0 {
			at := time.Unix(oldest[n], 0).UTC()
			i.Oldest = &at
		}
		i.PodsBlocked = b.blocked(e, n)
	}
	return s
}

func (i *InstanceStatus) count(f Finding) {
	switch f {
	case Present:
		i.Present++
	case Stale:
		i.Stale++
	case Missing:
		i.Missing++
	case Unreadable:
		i.Unreadable++
	default:
		i.Unknown++
	}
}

// blocked counts the pods that could not be started from an instance.
func (b *Book) blocked(e *endpoint, instance int) int {
	pods := 0
	for _, k := range b.shapes {
		if slices.ContainsFunc(k.entries, func(entry *entry) bool { return entry.endpoint == e && entry.blocks(instance, k.puller) }) {
			pods += k.pods
		}
	}
	return pods
}
