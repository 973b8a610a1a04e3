package rollout

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Decision is who has thrown the switch of an endpoint, when and why, as far as
// anything tells.
type Decision struct {
	// Since is when the value was written, by the API server's clock; nil where it
	// doesn't tell.
	Since *time.Time `json:"since"`
	// OrEarlier says that whoever wrote the value has written another key of the same
	// object as well, and Since is the time of the later of the two.
	OrEarlier bool `json:"orEarlier"`
	// By is the value's set-by, else the field manager that has written the value,
	// such as kubectl-patch; empty where neither is known.
	By     string     `json:"by"`
	Reason string     `json:"reason"`
	Until  *time.Time `json:"until"`
}

// decisionOf tells what is known of the value that stands there.
func decisionOf(endpoint string, s zone.Switch, managers []metav1.ManagedFieldsEntry) Decision {
	d := Decision{By: s.SetBy, Reason: s.Reason}
	if w := WriterOf(endpoint, managers); !w.At.IsZero() {
		d.Since, d.By, d.OrEarlier = &w.At, cmp.Or(s.SetBy, w.Manager), w.OrEarlier
	}
	if !s.Until.IsZero() {
		d.Until = &s.Until
	}
	return d
}

// A Writer is who has written a key of a ConfigMap. The zero value is that nobody knows.
type Writer struct {
	// Manager is the field manager, such as kubectl-patch: a program and no person.
	Manager string
	// At is when, in whole seconds.
	At time.Time
	// OrEarlier says that the manager has written another key of the same object as well,
	// and At is the time of the later of the two.
	OrEarlier bool
}

// WriterOf reads what the API server notes beside a key of a ConfigMap
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
// Several managers own a key when all of them wanted the same value: the first has set it.
func WriterOf(key string, managers []metav1.ManagedFieldsEntry) Writer {
	var w Writer
	for _, m := range managers {
		keys := ownedKeys(m)
		_, owns := keys["f:"+key]
		if !owns || m.Time == nil || !w.At.IsZero() && !m.Time.Time.Before(w.At) {
			continue
		}
		delete(keys, "f:"+key)
		delete(keys, ".") // the map itself
		w = Writer{Manager: m.Manager, At: m.Time.Time, OrEarlier: len(keys) > 0}
	}
	return w
}

// ownedKeys are those of .data that a manager owns, as f:KEY.
func ownedKeys(m metav1.ManagedFieldsEntry) map[string]json.RawMessage {
	var fields struct {
		Data map[string]json.RawMessage `json:"f:data"`
	}
	if m.FieldsV1 == nil || json.Unmarshal(m.FieldsV1.GetRawBytes(), &fields) != nil {
		return nil
	}
	return fields.Data
}

// Word is the target as it is written in the switch.
func (e Endpoint) Word() string {
	for line := range strings.Lines(e.Switch) {
		if to, is := strings.CutPrefix(line, "to:"); is {
			return strings.TrimSpace(to)
		}
	}
	return e.Switch
}

// Moves says which nodes the value moves, and how it leads the others, in a few
// words; empty where it moves all.
func (e Endpoint) Moves() string {
	switch e.parsed.Scope {
	case zone.ShareOfNodes:
		return fmt.Sprintf("on %d %% of the nodes, %s elsewhere", e.parsed.Share, e.Elsewhere)
	case zone.NamedNodes:
		return fmt.Sprintf("on nodes %s, %s elsewhere", strings.Join(e.parsed.Nodes, ", "), e.Elsewhere)
	}
	return ""
}
