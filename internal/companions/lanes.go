package companions

import "sync"

// restEvery is which of the keys is one that isn't urgent, however many are: somebody
// whose Secrets change without end must not keep the others from their first companions.
const restEvery = 4

// lanes is the order of a queue: what somebody has just changed comes before what
// is looked at because a replica begins to lead or the configuration is new. All of
// the latter may take many minutes at the rate of writes. Within each, namespaces take
// turns: one with thousands of Secrets holds up its own.
type lanes struct {
	mu   sync.Mutex
	bulk map[key]bool // what is about to be added isn't urgent

	// The rest is used under the queue's own lock.
	urgent, rest turns
	in           map[key]bool // what waits, and whether it is urgent
	taken        int
}

func newLanes() *lanes {
	return &lanes{bulk: map[key]bool{}, urgent: turns{waiting: map[string][]key{}}, rest: turns{waiting: map[string][]key{}}, in: map[key]bool{}}
}

// mark says of a key that is about to be added whether it is urgent.
func (l *lanes) mark(k key, urgent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if urgent {
		delete(l.bulk, k)
	} else {
		l.bulk[k] = true
	}
}

func (l *lanes) isUrgent(k key) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	bulk := l.bulk[k]
	delete(l.bulk, k)
	return !bulk
}

// Touch is called when what waits is added again.
func (l *lanes) Touch(k key) {
	if l.isUrgent(k) && !l.in[k] {
		l.in[k] = true
		l.urgent.push(k) // its place in the rest is passed over
	}
}

// Push adds.
func (l *lanes) Push(k key) {
	urgent := l.isUrgent(k)
	l.in[k] = urgent
	if urgent {
		l.urgent.push(k)
	} else {
		l.rest.push(k)
	}
}

// Len is how many wait.
func (l *lanes) Len() int { return len(l.in) }

// Pop takes the next.
func (l *lanes) Pop() key {
	l.taken++
	first, second := l.take(true), l.take(false)
	if l.taken%restEvery == 0 {
		first, second = second, first
	}
	k, ok := first()
	if !ok {
		k, _ = second()
	}
	delete(l.in, k)
	return k
}

// take gives what takes the next that is as urgent, if one is.
func (l *lanes) take(urgent bool) func() (key, bool) {
	from := &l.rest
	if urgent {
		from = &l.urgent
	}
	return func() (key, bool) {
		for {
			k, ok := from.pop()
			if was, waits := l.in[k]; !ok || waits && was == urgent {
				return k, ok
			}
		}
	}
}

// turns has the namespaces take turns.
type turns struct {
	waiting map[string][]key // by namespace; none is empty
	order   []string
}

func (t *turns) push(k key) {
	if len(t.waiting[k.namespace]) == 0 {
		t.order = append(t.order, k.namespace)
	}
	t.waiting[k.namespace] = append(t.waiting[k.namespace], k)
}

func (t *turns) pop() (k key, ok bool) {
	if len(t.order) == 0 {
		return key{}, false
	}
	namespace := t.order[0]
	t.order = t.order[1:]
	k = t.waiting[namespace][0]
	if left := t.waiting[namespace][1:]; len(left) > 0 {
		t.waiting[namespace] = left
		t.order = append(t.order, namespace)
	} else {
		delete(t.waiting, namespace)
	}
	return k, true
}
