package readiness

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// ImagesName is the ConfigMap with the images that aren't present and equal on every
// instance: one key for each endpoint, an [Images] as JSON.
const ImagesName = "registry-failover-images"

// StatusKey is where a [Status] stands in the JSON of an endpoint in the ConfigMap
// registry-failover-status.
const StatusKey = "readiness"

// A Status is what is told of one endpoint. The controller keeps it as JSON under the
// endpoint's name in the ConfigMap registry-failover-status:
//
//	{"version":1,"readiness":{"at":"2026-11-24T02:00:00Z","complete":true,"images":120,"instances":[{"instance":"hangzhou","present":117,"stale":0,"missing":3,"unreadable":0,"unknown":0,"untried":0,"share":0.975,"podsBlocked":14}],"conditions":[…]}}
type Status struct {
	// At is when this was so, to the second.
	At time.Time `json:"at"`
	// Complete is false while an instance that answers has not been asked for all images
	// since this controller began to lead.
	Complete bool `json:"complete"`
	// Images is how many different ones the cluster's workloads name.
	Images int `json:"images"`
	// Instances are all of the endpoint's, the primary among them, in the configuration's order.
	Instances []InstanceStatus `json:"instances"`
	// Conditions has one, of the type [StandbyReady].
	Conditions []Condition `json:"conditions"`
}

// An InstanceStatus counts the images on one instance by what is found of them.
type InstanceStatus struct {
	Instance   string `json:"instance"`
	Present    int    `json:"present"`
	Stale      int    `json:"stale"`
	Missing    int    `json:"missing"`
	Unreadable int    `json:"unreadable"`
	Unknown    int    `json:"unknown"`
	// Untried are those of the unreadable ones that were asked for without a credential,
	// because it isn't known here which the pods have.
	Untried int `json:"untried"`
	// Share is Present of all images; 1 where there is none.
	Share float64 `json:"share"`
	// PodsBlocked are the pods that run now and could not be started anew from this
	// instance, as far as that is known: an image is missing, or no credential of theirs does.
	PodsBlocked int `json:"podsBlocked"`
	// Oldest is the age of the oldest finding, as its time; nil where there is none.
	Oldest *time.Time `json:"oldest,omitempty"`
	// Silent is why the instance isn't asked now; empty where it answers.
	Silent string `json:"silent,omitempty"`
}

// Share is what part of the images each instance has, by its name. Of what isn't known
// there is nothing in it.
func (s Status) Share() map[string]float64 {
	share := make(map[string]float64, len(s.Instances))
	for _, i := range s.Instances {
		share[i.Instance] = i.Share
	}
	return share
}

// known tells whether every instance answers, and has told of every image.
func (s Status) known() bool {
	return !slices.ContainsFunc(s.Instances, func(i InstanceStatus) bool { return i.Unknown > 0 || i.Silent != "" })
}

// Find gives what is told of an instance.
func (s Status) Find(instance string) (InstanceStatus, bool) {
	for _, i := range s.Instances {
		if i.Instance == instance {
			return i, true
		}
	}
	return InstanceStatus{}, false
}

// Old is the age of a status from which nobody looks after it any more.
const Old = 30 * time.Minute

// ParseStatus reads the text of an endpoint in the ConfigMap registry-failover-status. It
// is there only where something was told of readiness.
func ParseStatus(text string) (s Status, there bool, err error) {
	if text == "" {
		return Status{}, false, nil
	}
	var stands struct{ Readiness *Status }
	if err := json.Unmarshal([]byte(text), &stands); err != nil {
		return Status{}, false, fmt.Errorf("what is told of the images can't be read: %w", err)
	}
	if stands.Readiness == nil {
		return Status{}, false, nil
	}
	return *stands.Readiness, true, nil
}
