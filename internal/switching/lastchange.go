package switching

import (
	"encoding/json"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/internal/saferules"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// LastChange tells when an endpoint's value was written last, by what the API server itself
// notes beside each object: that is there without a controller, and by the API server's
// clock. It is the time at which the value's writer has last changed anything of the
// switch, so that another endpoint may make it later than it is, never earlier. What was
// created with the object is no change.
func LastChange(found *corev1.ConfigMap, e zone.Endpoint) saferules.Change {
	decision := rollout.Judge(rollout.Input{
		Endpoints: []zone.Endpoint{e}, Switch: found.Data, Managers: found.ManagedFields,
	}).Endpoints[0].Decision
	switch since := decision.Since; {
	case since == nil:
		return saferules.Change{Unknown: "the API server doesn't tell who has written the switch, and when"}
	case !since.Truncate(time.Second).After(found.CreationTimestamp.Time):
		return saferules.Change{}
	default:
		return saferules.Change{At: *since, By: decision.By}
	}
}

// recorded is the change by the controller's own record, in the state, where that is of the
// value that stands and has it earlier: it knows when the switch came to lead where it leads,
// whatever was written since, such as another end or another endpoint. One that is from before
// the switch was made, because it was deleted meanwhile, is a change all the same.
func recorded(last saferules.Change, made time.Time, stands, state string) saferules.Change {
	var r struct {
		Value string    `json:"lastSwitch"`
		Since time.Time `json:"lastSwitchSince"`
	}
	if json.Unmarshal([]byte(state), &r) != nil || r.Since.IsZero() || strings.TrimSpace(r.Value) != strings.TrimSpace(stands) {
		return last
	}
	anew := last == (saferules.Change{}) && r.Since.Before(made)
	if last.Unknown != "" || r.Since.Before(last.At) || anew {
		return saferules.Change{At: r.Since, By: last.By}
	}
	return last
}
