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
	accepted     map[string]string
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
	v.version, v.uninstalling = version(c), inputs.Uninstalling(c.Annotations, c.Data)
	for _, e := range endpoints {
		if value, stands := c.Data[e.Name]; stands {
			v.accept(e, value)
		}
	}
}

// gone notes that the switch was deleted. With unseen versions before that, what
// was shown last may be older than what is recorded, so it is forgotten.
func (v *view) gone(unseen bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shown++
	v.version = ""
	if unseen {
		v.accepted = nil
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
	if v.accepted == nil {
		v.accepted = map[string]string{}
	}
	v.accepted[e.Name] = strings.TrimSpace(value)
}

// at gives the newest valid values, and whether the watch has shown everything
// up to the version that was read.
func (v *view) at(version string) (accepted map[string]string, upToDate bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.accepted), v.version == version
}

// marked says whether the last version that was shown carried the mark.
func (v *view) marked() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.uninstalling
}
