package switchkeeper

import (
	"cmp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Force is a value that is, or was, in force: the last one that was valid.
type Force struct {
	// Value has no surrounding white space. It is empty where none is known.
	Value  string
	Switch zone.Switch
	// Since is when the switch came to lead where it leads now; zero where nobody
	// knows. Another reason, name or end is no other way.
	Since time.Time
}

// Change is one of the value that is in force.
type Change struct {
	Before, After Force
	// By says who, or that nobody knows.
	By Author
}

// Author is who has written a value.
type Author struct {
	// SetBy is what the value says itself.
	SetBy string
	// Manager is the field manager that the API server tells, such as kubectl-patch:
	// a program and no person.
	Manager string
}

// String tells who, and how that is known.
func (a Author) String() string {
	switch {
	case a.SetBy != "":
		return "by " + a.SetBy + ", as its set-by says"
	case a.Manager != "":
		return "by the field manager " + a.Manager
	}
	return "nobody knows by whom"
}

// force gives what is in force, and what was before by the record: with a value that
// was accepted it is that, else the recorded one, unless the configuration has lost
// what that names.
func (in Input) force(e zone.Endpoint, last record, accepted string) (now, before Force) {
	before = Force{Value: last.lastSwitch, Since: last.since}
	recorded, err := e.ParseSwitch(last.lastSwitch)
	known := err == nil
	before.Switch = recorded
	if accepted == "" || accepted == last.lastSwitch {
		if !known {
			return Force{}, before
		}
		if before.Since.IsZero() {
			before.Since = in.written(e.Name, last.lastSwitch)
		}
		return before, before
	}
	s, err := e.ParseSwitch(accepted)
	if err != nil {
		return Force{}, before // the configuration has changed since it was seen
	}
	since := last.since
	if !known || !leadsAlike(s, recorded) || since.IsZero() {
		since = cmp.Or(in.written(e.Name, accepted), in.Now)
	}
	return Force{Value: accepted, Switch: s, Since: since}, before
}

// written is when the value was written, zero where another stands there.
func (in Input) written(endpoint, value string) time.Time {
	if strings.TrimSpace(in.Switch.Values[endpoint]) != value {
		return time.Time{}
	}
	return in.Writes[endpoint].At
}

// writers are those of each endpoint's key.
func writers(endpoints []zone.Endpoint, managers []metav1.ManagedFieldsEntry) map[string]rollout.Writer {
	all := map[string]rollout.Writer{}
	for _, e := range endpoints {
		all[e.Name] = rollout.WriterOf(e.Name, managers)
	}
	return all
}

// by is who has written what is in force.
func (in Input) by(endpoint string, f Force) Author {
	a := Author{SetBy: f.Switch.SetBy}
	if strings.TrimSpace(in.Switch.Values[endpoint]) == f.Value {
		a.Manager = in.Writes[endpoint].Manager
	}
	return a
}

// leadsAlike says whether both lead every node to the same.
func leadsAlike(a, b zone.Switch) bool {
	return a.To == b.To && a.From == b.From && a.Scope == b.Scope && a.Share == b.Share && slices.Equal(a.Nodes, b.Nodes)
}
