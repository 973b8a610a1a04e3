package inputs

import (
	"maps"
	"sync"
)

// The ConfigMaps that are read.
const (
	// SwitchName is the ConfigMap that holds the operator's choice.
	SwitchName = "registry-failover"
	// StateName is the ConfigMap that holds what the controller has learnt.
	StateName = "registry-failover-state"
	// StatusName is the ConfigMap that holds what people want to know; nothing here reads it.
	StatusName = "registry-failover-status"
	// AutomaticName is the ConfigMap that holds what automatic mode remembers; nothing here reads it.
	AutomaticName = "registry-failover-automatic"
)

// Object is one of the two ConfigMaps, or directories, as it was last read.
type Object struct {
	// Known says that it has been read, or is known not to exist: Values is what
	// is there now, or was there when it could last be read.
	Known bool
	// Values are by endpoint name, surrounding white space untouched. They are
	// never changed once published; a reader must not change them either.
	Values map[string]string
	// Unreadable says of names that are there without a readable value why, in one sentence each.
	Unreadable map[string]string
	// Mark is the value of [UninstallAnnotation], or was when the object could
	// last be read. A directory has no annotations.
	Mark string
	// Problem is one sentence when the object as a whole is missing or unreadable, else empty.
	Problem string
}

// Snapshot is both objects at one moment.
type Snapshot struct{ Switch, State Object }

func (o Object) equal(p Object) bool {
	return o.Known == p.Known && o.Mark == p.Mark && o.Problem == p.Problem && maps.Equal(o.Values, p.Values) && maps.Equal(o.Unreadable, p.Unreadable)
}

func (s Snapshot) equal(t Snapshot) bool { return s.Switch.equal(t.Switch) && s.State.equal(t.State) }

// board holds the current snapshot and publishes each new one, one at a time.
type board struct {
	mu      sync.Mutex
	publish func(Snapshot) // nil once it is closed
	now     Snapshot
}

// update replaces parts of the snapshot; without a difference nothing is published.
func (b *board) update(change func(*Snapshot)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.now
	change(&next)
	if b.publish == nil || next.equal(b.now) {
		return
	}
	b.now = next
	b.publish(next)
}

// close waits for a publication that is under way; none follows.
func (b *board) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.publish = nil
}
