package switchkeeper

import (
	"maps"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// view is what the watch has shown of the switch, version by version.
type view struct {
	mu           sync.Mutex
	shown        int    // how often the watch has shown anything
	version      string // of the switch that stands, "" while there is none
	uninstalling bool   // the last version carried the mark
	accepted     map[string]Seen
}

// version tells apart what stood under the switch's name at different moments;
// "" is that nothing stood there. Nil and the zero ConfigMap are nothing.
func version(c *corev1.ConfigMap) string {
	if c == nil || c.ResourceVersion == "" {
		return ""
	}
	return string(c.UID) + "/" + c.ResourceVersion
}

// show notes a version that stands, or stood until it was deleted.
func (v *view) show(c *corev1.ConfigMap, endpoints []zone.Endpoint) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shown++
	v.version, v.uninstalling = version(c), uninstalling(c, endpoints)
	for _, e := range endpoints {
		if value, stands := c.Data[e.Name]; stands {
			v.accept(e, value)
		}
	}
}

// gone notes that the switch was deleted. With unseen versions before that, what
// was shown last may be older than what is recorded.
func (v *view) gone(unseen bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shown++
	v.version = ""
	for name, seen := range v.accepted {
		seen.Recorded = seen.Recorded || unseen
		v.accepted[name] = seen
	}
}

// recorded notes what the record holds. A watch that was interrupted may skip
// versions that another replica has recorded.
func (v *view) recorded(state *corev1.ConfigMap) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for name, seen := range v.accepted {
		if r, _ := readRecord(state.Data[name]); r.lastSwitch == seen.Value {
			v.accepted[name] = Seen{Value: seen.Value, Recorded: true}
		}
	}
}

// moment is what a read that begins now is compared with.
func (v *view) moment() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.shown
}

// read notes what a read gave that began at a moment. A watch that is behind will
// show it again, after older versions; one that was interrupted may skip it. If
// the watch has shown anything since that moment, it may be newer than the read.
func (v *view) read(moment int, values map[string]string, endpoints []zone.Endpoint) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.shown != moment {
		return
	}
	for _, e := range endpoints {
		if value, stands := values[e.Name]; stands {
			v.accept(e, value)
		}
	}
}

// accept keeps a value that is valid; v.mu is held.
func (v *view) accept(e zone.Endpoint, value string) {
	if _, err := e.ParseSwitch(value); err != nil {
		return
	}
	value = strings.TrimSpace(value)
	if v.accepted[e.Name].Value == value {
		return
	}
	if v.accepted == nil {
		v.accepted = map[string]Seen{}
	}
	v.accepted[e.Name] = Seen{Value: value}
}

// at gives the newest valid values, and whether the watch has shown everything
// up to the version that was read.
func (v *view) at(version string) (accepted map[string]Seen, upToDate bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.accepted), v.version == version
}

func uninstalling(c *corev1.ConfigMap, endpoints []zone.Endpoint) bool {
	names := make([]string, len(endpoints))
	for i, e := range endpoints {
		names[i] = e.Name
	}
	return inputs.Uninstalling(c.Annotations[inputs.UninstallAnnotation], c.Data, names)
}

// marked says whether the last version that was shown carried the mark.
func (v *view) marked() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.uninstalling
}
