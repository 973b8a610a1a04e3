package automatic

import (
	"encoding/json"
	"time"
)

// oldestReady is the age from which it isn't known any more which images instances have.
const oldestReady = time.Hour

// readiness is what the endpoint's status says of images, under "readiness": the part of
// it that is read here.
type readiness struct {
	At time.Time `json:"at"`
	// Complete says that all images were looked up.
	Complete  bool `json:"complete"`
	Instances []struct {
		Instance string  `json:"instance"`
		Share    float64 `json:"share"`
	} `json:"instances"`
}

// parseReadiness reads a status. What can't be read says nothing.
func parseReadiness(text string) readiness {
	var stands struct{ Readiness readiness }
	if json.Unmarshal([]byte(text), &stands) != nil {
		return readiness{}
	}
	return stands.Readiness
}

// shares are by instance, as far as they are known.
func (r readiness) shares(now time.Time) map[string]float64 {
	if !r.Complete || now.Sub(r.At) > oldestReady {
		return nil
	}
	shares := map[string]float64{}
	for _, i := range r.Instances {
		shares[i.Instance] = i.Share
	}
	return shares
}
