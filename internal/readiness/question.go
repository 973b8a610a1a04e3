package readiness

import (
	"slices"
	"time"
)

// A Question is an image that an instance is to be asked for.
type Question struct {
	Image
	// Pullers are those whose pods pull it.
	Pullers []*Puller

	instance int
	entry    *entry
	endpoint *endpoint
}

// An Answer is what was learnt.
type Answer struct {
	// Outcomes are by puller, and empty where Err says why nothing was learnt.
	outcomes []outcome
	// Digest is what the instance has; empty where it has not told.
	digest string
	// Reason says why the worst of the outcomes is what it is.
	reason string
	// lasting says that nobody's credentials are known, and that this won't pass by itself.
	lasting bool
	err     error
}

// Next gives what an instance is to be asked for now: what it was never asked for, then
// what has been due for longest. Without one it tells when to look again.
func (b *Book) Next(endpoint, instance string, now time.Time) (*Question, time.Duration) {
	const most = time.Minute
	e := b.endpoints[endpoint]
	if e == nil {
		return nil, most
	}
	at := slices.IndexFunc(e.Instances, func(i Instance) bool { return i.Name == instance })
	if at < 0 {
		return nil, most
	}
	var first *entry
	for _, entry := range b.entries {
		if entry.endpoint != e || entry.records[at].asking {
			continue
		}
		if first == nil || entry.records[at].due < first.records[at].due {
			first = entry
		}
	}
	if first == nil {
		return nil, most
	}
	if wait := time.Unix(first.records[at].due, 0).Sub(now); wait > 0 {
		return nil, min(wait, most)
	}
	first.records[at].asking = true
	return &Question{first.Image, first.pullers, at, first, e}, 0
}

// Take notes an answer. One to a question that the configuration has made void is
// passed over.
func (b *Book) Take(q *Question, a Answer, now time.Time) {
	if q.entry.endpoint != q.endpoint {
		return
	}
	r := &q.entry.records[q.instance]
	r.asking, r.tried = false, true
	pinned := q.Pinned()
	if a.err != nil {
		if r.reason == "" { // the next error may only differ in its words
			r.reason = a.err.Error()
			b.revision++
		}
		r.tries++
		r.due = seconds(now.Add(again(pinned, r.tries, b.chance())))
		return
	}
	before, _ := q.entry.finding(q.instance)
	reason, digest := r.reason, r.digest
	for n, p := range q.Pullers {
		if at := slices.IndexFunc(q.entry.pullers, func(now *Puller) bool { return *now == *p }); at >= 0 {
			r.outcomes[at] = a.outcomes[n]
		}
	}
	r.asked, r.digest, r.reason = seconds(now), q.entry.own(a.digest), a.reason
	after, _ := q.entry.finding(q.instance)
	if after == Present || a.lasting {
		r.tries = 0
	} else {
		r.tries++
	}
	r.due = seconds(now.Add(again(pinned, r.tries, b.chance())))
	if slices.Contains(r.outcomes, unasked) { // a puller has come meanwhile
		r.due = 0
	}
	if before != after || r.since == 0 {
		r.since = seconds(now)
	}
	if before != after || reason != r.reason || digest != r.digest {
		b.revision++
	}
}

// own gives the same digest as the entry has it already, if it has: of thousands of images
// each instance tells the same.
func (e *entry) own(digest string) string {
	for _, d := range e.digests {
		if d == digest {
			return d
		}
	}
	for n := range e.records {
		if d := e.records[n].digest; d == digest {
			return d
		}
	}
	return digest
}

// Drop gives a question back that was not asked.
func (b *Book) Drop(q *Question) {
	if q.entry.endpoint == q.endpoint {
		q.entry.records[q.instance].asking = false
	}
}
