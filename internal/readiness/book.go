package readiness

import (
	"slices"
	"time"
)

// A Book remembers what each instance has said of each image. It isn't safe for use by
// several at once.
type Book struct {
	endpoints map[string]*endpoint
	entries   map[string]*entry
	shapes    []kept
	// revision grows with each change of what there is to tell.
	revision int
	// chance is between 0 and 1.
	chance func() float64
}

// An Endpoint is a shared endpoint as far as the Book needs it.
type Endpoint struct {
	Name    string
	Primary string
	// Instances are in the configuration's order.
	Instances []Instance
}

// An Instance is one that carries the endpoint: with another ID it is another one.
type Instance struct{ Name, ID string }

type endpoint struct {
	Endpoint
	primary int // the place of the primary among the instances
}

// An entry is an image, and what is known of it.
type entry struct {
	Image
	endpoint  *endpoint
	digests   []string
	workloads []string
	more      int
	pods      int
	pullers   []*Puller
	records   []record // by instance
}

// A record is what one instance has said. Times are in seconds since 1970, 0 is never.
type record struct {
	outcomes          []outcome // by puller
	digest            string
	reason            string
	asked, due, since int64
	tries             int
	asking            bool
	// tried says that it was asked since the image or one of its pullers was new, whatever
	// came of it.
	tried bool
}

// kept is a shape, with what it pulls.
type kept struct {
	entries []*entry
	puller  *Puller
	pods    int
}

// NewBook makes an empty one. Chance gives numbers from 0 to 1.
func NewBook(chance func() float64) *Book {
	return &Book{endpoints: map[string]*endpoint{}, entries: map[string]*entry{}, chance: chance}
}

// Configure says which instances there are. What those have said that stay is kept.
func (b *Book) Configure(endpoints []Endpoint) {
	before := b.endpoints
	b.endpoints = map[string]*endpoint{}
	for _, e := range endpoints {
		b.endpoints[e.Name] = &endpoint{e, slices.IndexFunc(e.Instances, func(i Instance) bool { return i.Name == e.Primary })}
	}
	for name, entry := range b.entries {
		now, old := b.endpoints[entry.Endpoint], before[entry.Endpoint]
		if now == nil {
			delete(b.entries, name)
			continue
		}
		records := make([]record, len(now.Instances))
		for n, i := range now.Instances {
			records[n].outcomes = make([]outcome, len(entry.pullers))
			if at := slices.Index(old.Instances, i); at >= 0 {
				records[n] = entry.records[at]
				records[n].asking = false // who asks is told that the question is void
			}
		}
		entry.endpoint, entry.records = now, records
	}
	b.shapes = slices.DeleteFunc(b.shapes, func(k kept) bool {
		return slices.ContainsFunc(k.entries, func(e *entry) bool { return b.entries[e.Name] != e })
	})
	b.revision++
}

// AskAgain has all images asked for at once for which a credential was wanting.
func (b *Book) AskAgain() {
	for _, entry := range b.entries {
		for n := range entry.records {
			r := &entry.records[n]
			if slices.ContainsFunc(r.outcomes, func(o outcome) bool { return o == refused || o == untried }) {
				r.due, r.tries = 0, 0
			}
		}
	}
}

// Merge takes what a complete survey has found: images that nobody names any more are
// forgotten, and those that run with another digest are asked for at once.
func (b *Book) Merge(s *Survey) {
	for name := range b.entries {
		if s.wanted[name] == nil {
			delete(b.entries, name)
		}
	}
	for name, w := range s.wanted {
		e := b.endpoints[w.Endpoint]
		if e == nil { // of a configuration that is about to come
			continue
		}
		old := b.entries[name]
		if old == nil {
			old = &entry{Image: w.Image, endpoint: e, records: make([]record, len(e.Instances))}
			b.entries[name] = old
		}
		slices.Sort(w.digests)
		old.take(w)
	}
	b.shapes = b.shapes[:0]
	for _, shape := range s.shapes {
		k := kept{puller: shape.puller, pods: shape.pods}
		for _, name := range shape.images {
			if e := b.entries[name]; e != nil {
				k.entries = append(k.entries, e)
				e.pods += shape.pods
			}
		}
		if len(k.entries) > 0 {
			b.shapes = append(b.shapes, k)
		}
	}
	b.revision++
}

// take replaces what a survey has found of the image before.
func (e *entry) take(w *wanted) {
	isNew := func(digest string) bool { return !slices.Contains(e.digests, digest) }
	moved := !e.Pinned() && slices.ContainsFunc(w.digests, isNew)
	for n := range e.records {
		r := &e.records[n]
		outcomes := make([]outcome, len(w.pullers))
		for to, p := range w.pullers {
			from := slices.IndexFunc(e.pullers, func(old *Puller) bool { return *old == *p })
			if from >= 0 && from < len(r.outcomes) {
				outcomes[to] = r.outcomes[from]
			}
			if from < 0 {
				r.due, r.tried = min(r.due, r.asked), false
			}
		}
		r.outcomes = outcomes
		if moved && !slices.Contains(w.digests, r.digest) {
			r.due = 0
		}
	}
	e.digests, e.workloads, e.more, e.pullers, e.pods = w.digests, w.workloads, w.more, w.pullers, 0
}

// sight is what is known of the image on an instance, as a puller sees it.
func (e *entry) sight(instance, puller int) sight {
	r := &e.records[instance]
	s := sight{outcome: r.outcomes[puller], digest: r.digest, running: e.digests}
	if e.Pinned() {
		s.named = e.Reference
	}
	for n := range e.records {
		if digest := e.records[n].digest; n != instance && digest != "" {
			s.others = append(s.others, digest)
			if n == e.endpoint.primary {
				s.primary = digest
			}
		}
	}
	return s
}

// finding is the worst that any puller would find.
func (e *entry) finding(instance int) (f Finding, isUntried bool) {
	f = Present
	if len(e.pullers) == 0 {
		return Unknown, false
	}
	for p := range e.pullers {
		found := judge(e.sight(instance, p))
		if worse(f, found) != f {
			f = found
			isUntried = e.records[instance].outcomes[p] == untried
		} else if found == Unreadable && e.records[instance].outcomes[p] == refused {
			isUntried = false
		}
	}
	return f, isUntried
}

// blocks tells whether pods of the puller could not start, as far as that is known.
func (e *entry) blocks(instance int, p *Puller) bool {
	at := slices.Index(e.pullers, p) // both are of the last survey
	if at < 0 {
		return false
	}
	o := e.records[instance].outcomes[at]
	return o == missing || o == refused
}

func seconds(t time.Time) int64 { return t.Unix() }
