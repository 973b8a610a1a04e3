package companions

import "sync"

// lanes is the order of a queue: what somebody has just changed comes before what
// is looked at because a replica begins to lead or the configuration is new. All of
// the latter may take many minutes at the rate of writes.
type lanes struct {
	mu   sync.Mutex
	bulk map[key]bool // what is about to be added isn't urgent

	// The rest is used under the queue's own lock.
	urgent, rest []key
	in           map[key]bool // what waits, and whether it is urgent
}

func newLanes() *lanes { return &lanes{bulk: map[key]bool{}, in: map[key]bool{}} }

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
		l.urgent = append(l.urgent, k) // its place in the rest is passed over
	}
}

// Push adds.
func (l *lanes) Push(k key) {
	urgent := l.isUrgent(k)
	l.in[k] = urgent
	if urgent {
		l.urgent = append(l.urgent, k)
	} else {
		l.rest = append(l.rest, k)
	}
}

// Len is how many wait.
func (l *lanes) Len() int { return len(l.in) }

// Pop takes the next.
func (l *lanes) Pop() key {
	for len(l.urgent) > 0 {
		k := l.urgent[0]
		l.urgent = l.urgent[1:]
		if l.in[k] {
			delete(l.in, k)
			return k
		}
	}
	for {
		k := l.rest[0]
		l.rest = l.rest[1:]
		if urgent, waits := l.in[k]; waits && !urgent {
			delete(l.in, k)
			return k
		}
	}
}
