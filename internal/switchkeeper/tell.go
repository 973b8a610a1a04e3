package switchkeeper

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// changed tells of changes that have been recorded, each once: whoever records it, tells it.
func (r *report) changed(current *corev1.ConfigMap, changes map[string]Change) {
	for _, name := range sorted(changes) {
		c := changes[name]
		r.standing.changes.WithLabelValues(name).Inc()
		r.log.Info("the switch has changed", "endpoint", name, "before", c.Before.Value, "after", c.After.Value, "by", c.By.String())
		r.event(current, name, corev1.EventTypeNormal, "SwitchChanged", "Switch", c.String())
	}
}

// String is one sentence: from where to where, by whom and why.
func (c Change) String() string {
	after := leads(c.After.Switch)
	text := "the switch leads to " + after + " and led to " + leads(c.Before.Switch)
	if after == leads(c.Before.Switch) {
		text = "the switch says something else and leads to " + after + " as before"
	}
	text += ", " + c.By.String()
	if until := c.After.Switch.Until; !until.IsZero() {
		text += ", until " + until.UTC().Format(time.RFC3339)
	}
	return text + ": " + cmp.Or(c.After.Switch.Reason, "it gives no reason")
}

// leads tells where a switch leads.
func leads(s zone.Switch) string {
	switch s.Scope {
	case zone.ShareOfNodes:
		return fmt.Sprintf("%s on %d %% of the nodes (%s on all others)", s.To, s.Share, s.From)
	case zone.NamedNodes:
		if len(s.Nodes) == 1 {
			return fmt.Sprintf("%s on the node %s (%s on all others)", s.To, s.Nodes[0], s.From)
		}
		return fmt.Sprintf("%s on %d nodes (%s on all others)", s.To, len(s.Nodes), s.From)
	}
	return s.To.String()
}

// restore tells of a missing switch that was brought back.
func (r *report) restore(current *corev1.ConfigMap, name, value string) {
	r.log.Warn("the switch was missing: its last valid value is there again", "endpoint", name, "value", value)
	r.restored.WithLabelValues(name).Inc()
	r.event(current, name, corev1.EventTypeWarning, "SwitchRestored", "Restore",
		"the switch was missing, and is there again with its last valid value: "+strings.ReplaceAll(value, "\n", "; "))
}

// invalid tells of a value that nodes don't take. One that was written long before this
// replica looked for the first time was told by another.
func (r *report) invalid(current *corev1.ConfigMap, name string, why error, w rollout.Writer) {
	if r.told == nil && !w.At.IsZero() && r.now().Sub(w.At) > handover {
		return
	}
	note := why.Error()
	if w.Manager != "" {
		note += " (written " + Author{Manager: w.Manager}.String() + ")"
	}
	r.event(current, name, corev1.EventTypeWarning, "InvalidSwitch", "Keep", note)
}

// handover is longer than there is no leader between two.
const handover = 30 * time.Second

// event makes one about the switch, named with its version: Events that differ in their
// note alone would be counted as one, with the first note.
func (r *report) event(current *corev1.ConfigMap, endpoint, kind, reason, action, note string) {
	if r.events == nil {
		return
	}
	about := &corev1.ObjectReference{
		APIVersion: "v1", Kind: "ConfigMap", Namespace: current.Namespace, Name: inputs.SwitchName,
		UID: current.UID, ResourceVersion: current.ResourceVersion, FieldPath: "data[" + endpoint + "]",
	}
	if !strings.HasPrefix(note, "endpoint ") {
		note = endpoint + ": " + note
	}
	r.events.Eventf(about, nil, kind, reason, action, "%s", clip(note))
}
