package drill

import (
	"slices"
	"time"
)

// An Outcome is what became of a part.
type Outcome string

// The outcomes.
const (
	Passed Outcome = "passed"
	Failed Outcome = "failed"
	// Unknown: it could not be looked at.
	Unknown Outcome = "unknown"
	// Skipped: it was not asked for, or there is nothing to look at.
	Skipped Outcome = "skipped"
)

// A PartName names what is proven.
type PartName string

// The parts, in the order in which they are played.
const (
	// Identity: the instance answers the probers on the nodes as itself, by its address.
	Identity PartName = "identity"
	// Images: running images can be read there with the pods' credentials.
	Images PartName = "images"
	// Switch: named nodes take the switch, and are led back.
	Switch PartName = "switch"
	// Serving: under the shared name the instance answers on these nodes.
	Serving PartName = "serving"
	// Pull: a new pod on one of these nodes pulls.
	Pull PartName = "pull"
)

// A Part is one thing that a failover needs.
type Part struct {
	Part    PartName `json:"part"`
	Outcome Outcome  `json:"outcome"`
	// Text is one sentence.
	Text string `json:"text"`
	// Details are what isn't as it should be, one sentence each.
	Details []string `json:"details"`
}

const (
	// MaxDetails is how many details a part keeps; the last one tells of the others.
	MaxDetails = 10
	// maxText is how long a text of a part may be, in bytes.
	maxText = 300
)

// A Report is one drill of one endpoint.
type Report struct {
	Endpoint string `json:"endpoint"`
	// Target is where it would lead, as a word of the switch with its network.
	Target   string    `json:"target"`
	Instance string    `json:"instance"`
	Begin    time.Time `json:"begin"`
	Seconds  float64   `json:"seconds"`
	// By is who has played it, as the API server knows them; empty where it doesn't tell.
	By    string `json:"by"`
	Parts []Part `json:"parts"`
	// Recovery is how long it would take until pods start again, part by part.
	Recovery []Stage `json:"recovery"`
	// Succeeded says that what every failover needs was proven, and nothing else failed.
	Succeeded bool `json:"succeeded"`
}

// needed are the parts without which nothing is proven.
var needed = []PartName{Identity, Images}

// Judge sets Succeeded, and brings texts to a length that can be kept.
func (r *Report) Judge() {
	r.Succeeded, r.By = true, cut(r.By)
	for n := range r.Parts {
		p := &r.Parts[n]
		p.Text, p.Details = cut(p.Text), few(p.Details)
		if p.Outcome == Failed || p.Outcome == Unknown {
			r.Succeeded = false
		}
	}
	for _, name := range needed {
		if !slices.ContainsFunc(r.Parts, func(p Part) bool { return p.Part == name }) {
			r.Succeeded = false
		}
	}
}

// Wrong are the parts that didn't pass, in order.
func (r Report) Wrong() []PartName {
	var names []PartName
	for _, p := range r.Parts {
		if p.Outcome == Failed || p.Outcome == Unknown {
			names = append(names, p.Part)
		}
	}
	return names
}
