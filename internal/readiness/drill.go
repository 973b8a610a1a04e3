package readiness

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// DrillsName is the ConfigMap by which a drill asks for images to be read with the
// cluster's own credentials, which nobody but the controller has. Of each endpoint it has
// a [DrillRequest] at [RequestKey] and a [DrillAnswer] at [AnswerKey]; what stands at its
// other keys is the drill's own.
const DrillsName = "registry-failover-drills"

// RequestKey is where an endpoint's request stands.
func RequestKey(endpoint string) string { return "request." + endpoint }

// AnswerKey is where an endpoint's answer stands.
func AnswerKey(endpoint string) string { return "answer." + endpoint }

const (
	// MostSampled is how many images may be asked for at once.
	MostSampled = 20
	// DrillFresh is how old a request may be: one that nobody has answered is given up.
	DrillFresh = 10 * time.Minute
	// maxRequest is far above what one has.
	maxRequest = 4 << 10
)

// A DrillRequest asks for a sample of the cluster's images to be read from an instance:
//
//	{"id":"5c9b…","to":"hangzhou/internal","sample":5,"at":"2026-11-24T02:00:00Z"}
type DrillRequest struct {
	// ID tells it from others, and chooses the images that are taken by chance.
	ID string `json:"id"`
	// To is a word of the switch that names an instance.
	To string `json:"to"`
	// Sample is how many images, up to MostSampled.
	Sample int       `json:"sample"`
	At     time.Time `json:"at"`
}

// A DrillAnswer is what was read. It grows until it is done.
type DrillAnswer struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// Images are in the order in which they were read.
	Images []DrilledImage `json:"images"`
	Done   bool           `json:"done"`
	// None says that no workload names an image of the endpoint: all were listed for this answer.
	None bool `json:"none,omitempty"`
	// Problem is why not all was read that was asked for; else it is empty.
	Problem string `json:"problem,omitempty"`
}

// A DrilledImage is one that was read, or not.
type DrilledImage struct {
	Image string `json:"image"`
	// Finding is present where manifest and layer were read and have their digests; stale
	// where they were, and the tag leads to something else than pods run.
	Finding Finding `json:"finding"`
	Reason  string  `json:"reason,omitempty"`
	// Seconds are by step: connect, tls, token, manifest, blob.
	Seconds map[string]float64 `json:"seconds"`
	// Bytes is how much was read of the first layer, Whole whether that is all of it.
	Bytes int64 `json:"bytes"`
	Whole bool  `json:"whole"`
}

var drillID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// ParseDrillRequest reads what anybody may have written who may patch the ConfigMap.
func ParseDrillRequest(text string) (DrillRequest, error) {
	if len(text) > maxRequest {
		return DrillRequest{}, fmt.Errorf("the request has %d bytes: at most %d are read", len(text), maxRequest)
	}
	var r DrillRequest
	if json.Unmarshal([]byte(text), &r) != nil {
		return DrillRequest{}, errors.New("the request is no JSON object as docs/readiness.md has it")
	}
	switch {
	case !drillID.MatchString(r.ID):
		return DrillRequest{}, errors.New("the request's id must have 1 to 64 letters, digits, dots, hyphens and underscores, and begin with a letter or digit")
	case r.Sample < 1 || r.Sample > MostSampled:
		return DrillRequest{}, fmt.Errorf("the request's sample is %d: it must be 1 to %d", r.Sample, MostSampled)
	case len(r.To) > 300:
		return DrillRequest{}, errors.New("the request's to is no word of the switch")
	}
	return r, nil
}

// ParseDrillAnswer reads what Encode writes.
func ParseDrillAnswer(text string) (DrillAnswer, error) {
	var a DrillAnswer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return DrillAnswer{}, fmt.Errorf("the answer to a drill can't be read: %w", err)
	}
	return a, nil
}

// Encode writes the answer as JSON.
func (a DrillAnswer) Encode() string {
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings, numbers and times
	}
	return string(text)
}
