package healthreport

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// PartOf and Component are the labels of each Lease that is a prober's report.
const (
	PartOf    = nodereport.PartOf
	Component = nodereport.Component
)

// Selector chooses the Leases that are probers' reports.
const Selector = PartOf + "=registry-failover," + Component + "=prober"

// Labels are what each prober's Lease carries.
func Labels() map[string]string {
	return map[string]string{PartOf: "registry-failover", Component: "prober"}
}

// FieldManager is who the API server says has written the Lease, and when.
const FieldManager = "registry-failover-prober"

const (
	// RenewEvery is how long a report that doesn't change stays unwritten at most.
	RenewEvery = 30 * time.Second
	// Fresh is the Lease's leaseDurationSeconds: who hasn't renewed its report for
	// longer has no voice.
	Fresh = 3 * RenewEvery
)

// The annotations of a report.
const (
	// HealthAnnotation is a JSON object: the version of its format, and the list of what was probed.
	HealthAnnotation = "registry-failover.io/health"
	// VersionAnnotation is the version of the prober.
	VersionAnnotation = nodereport.VersionAnnotation
)

// version is the format that is written. A newer one has to stay readable.
const version = 1

const (
	// MaxReasonBytes is how long a reason may be.
	MaxReasonBytes = 256
	// MaxInstances is how many instances over one network are reported: with reasons of
	// full length, half of what the annotations of an object may be long.
	MaxInstances = 256
)

// A Report is what one prober tells.
type Report struct {
	// Instances are in the order of the configuration.
	Instances []Instance
	// Serving are those endpoints of which it tells who answers under their names.
	Serving []Serving
	Version string
}

// An Instance is one of an endpoint over one network.
type Instance struct {
	Key
	Level Level `json:"level"`
	// Reason is one sentence about the level.
	Reason string `json:"reason"`
	// Since is when the level became what it is, by the prober's clock, to the second.
	Since time.Time `json:"since"`
	// Named says that it is healthy and has named itself, so that it is surely this instance.
	// It is false in what a prober reports that doesn't know this field.
	Named bool `json:"named,omitempty"`
	// LatencyMillis is how long the last probe took that got an answer; 0 where none did.
	LatencyMillis int64 `json:"latencyMillis,omitempty"`
}

// A Key names an instance of an endpoint over one network.
type Key struct {
	Endpoint string       `json:"endpoint"`
	Instance string       `json:"instance"`
	Network  zone.Network `json:"network"`
}

// Target is the instance as a word of the switch.
func (k Key) Target() string { return zone.Target{Instance: k.Instance, Network: k.Network}.String() }

// Differs says whether a has news against b. That a latency is another is none.
func (r Report) Differs(other Report) bool {
	return r.Version != other.Version || !slices.EqualFunc(r.Serving, other.Serving, Serving.equal) || !slices.EqualFunc(r.Instances, other.Instances, func(a, b Instance) bool {
		return a.Key == b.Key && a.Level == b.Level && a.Reason == b.Reason && a.Named == b.Named && a.Since.Equal(b.Since)
	})
}

// content is the annotation's.
type content struct {
	Version   int        `json:"version"`
	Instances []Instance `json:"instances"`
	Serving   []Serving  `json:"serving,omitempty"`
}

// Annotations renders the report: the same report always as the same text. What is
// too long is cut.
func (r Report) Annotations() map[string]string {
	c := content{Version: version, Instances: []Instance{}, Serving: cutServing(r.Serving)}
	for _, i := range r.Instances[:min(len(r.Instances), MaxInstances)] {
		i.Reason, i.Since = clip(i.Reason), i.Since.UTC().Truncate(time.Second)
		c.Instances = append(c.Instances, i)
	}
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(c); err != nil {
		panic(err) // no value of a report's types fails
	}
	return map[string]string{HealthAnnotation: strings.TrimSuffix(text.String(), "\n"), VersionAnnotation: r.Version}
}

// Parse reads a report. A level that it doesn't know is [Unknown]. An error is one sentence.
func Parse(annotations map[string]string) (Report, error) {
	text, there := annotations[HealthAnnotation]
	if !there {
		return Report{}, errors.New("the annotation " + HealthAnnotation + " isn't there: a prober writes it within 30 seconds")
	}
	var c content
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return Report{}, fmt.Errorf("annotation %s can't be read: a prober writes it anew within 30 seconds: %w", HealthAnnotation, err)
	}
	if c.Version < 1 {
		return Report{}, fmt.Errorf("annotation %s has version %d, which nobody writes", HealthAnnotation, c.Version)
	}
	if len(c.Instances) > MaxInstances {
		return Report{}, fmt.Errorf("annotation %s has %d instances: at most %d are read", HealthAnnotation, len(c.Instances), MaxInstances)
	}
	for n := range c.Instances {
		i := &c.Instances[n]
		i.Reason = clip(i.Reason)
		if !slices.Contains(Levels(), i.Level) {
			i.Reason, i.Level = fmt.Sprintf("the level %q is of another version", clip(string(i.Level))), Unknown
		}
	}
	if len(c.Serving) > MaxServing {
		return Report{}, fmt.Errorf("annotation %s tells of %d endpoints: at most %d are read", HealthAnnotation, len(c.Serving), MaxServing)
	}
	return Report{Instances: c.Instances, Serving: cutServing(c.Serving), Version: annotations[VersionAnnotation]}, nil
}

// clip puts a sentence on one line of at most MaxReasonBytes, and of valid UTF-8.
func clip(text string) string {
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "?")
	if len(text) <= MaxReasonBytes {
		return text
	}
	cut := MaxReasonBytes - len("…")
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
