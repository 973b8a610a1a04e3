package saferules

import (
	"encoding/json"
	"time"

	"github.com/registry-failover/registry-failover/internal/cloudreader"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
)

// Told is what the controller tells of one endpoint in the ConfigMap
// registry-failover-status, as far as a rule or a wave needs it. A part is nil where it
// isn't told, or can't be read.
type Told struct {
	// Unknown says why nothing of it could be read.
	Unknown   string
	Health    *healthquorum.Status
	Readiness *Readiness
	Zone      *cloudreader.Status
	Stuck     *Stuck
}

// Readiness is how many of this cluster's images the instances have.
type Readiness struct {
	At time.Time `json:"at"`
	// Images is how many there are.
	Images    int              `json:"images"`
	Instances []InstanceImages `json:"instances"`
}

// InstanceImages counts the images on one instance.
type InstanceImages struct {
	Instance string `json:"instance"`
	// Stale are those whose tag leads to another digest there.
	Stale   int `json:"stale"`
	Missing int `json:"missing"`
	// Unreadable are those that were refused; Untried are those of them that were asked for
	// without a credential, because nobody knows which the pods have.
	Unreadable int `json:"unreadable"`
	Untried    int `json:"untried"`
	// Unknown are those that nobody has asked for yet, or that were never answered.
	Unknown int `json:"unknown"`
	// Share is that of the images that are present, 0 to 1.
	Share float64 `json:"share"`
	// PodsBlocked is how many pods could not start there.
	PodsBlocked int `json:"podsBlocked"`
}

// Stuck are the pods that wait for an image of the endpoint, in kubelet's back-off.
type Stuck struct {
	At time.Time `json:"at"`
	// List has those that have waited longest; it may be cut.
	List []StuckPod `json:"list"`
}

// StuckPod is one of them.
type StuckPod struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Image     string    `json:"image"`
	Node      string    `json:"node"`
	Since     time.Time `json:"since"`
}

// ReadTold reads an endpoint's value of that ConfigMap. One part that can't be read
// doesn't spoil the others.
func ReadTold(text string) Told {
	if text == "" {
		return Told{Unknown: "the controller has told nothing of the endpoint yet"}
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return Told{Unknown: "what the controller has told can't be read: " + err.Error()}
	}
	return Told{
		Health:    part[healthquorum.Status](parts["health"]),
		Readiness: part[Readiness](parts["readiness"]),
		Zone:      part[cloudreader.Status](parts[cloudreader.Part]),
		Stuck:     part[Stuck](parts["stuck"]),
	}
}

func part[T any](text json.RawMessage) *T {
	var read *T
	if json.Unmarshal(text, &read) != nil {
		return nil
	}
	return read
}

// of gives the counts of an instance.
func (r *Readiness) of(instance string) (InstanceImages, bool) {
	for _, i := range r.Instances {
		if i.Instance == instance {
			return i, true
		}
	}
	return InstanceImages{}, false
}
