package drill

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/readiness"
)

// Name is the ConfigMap, which the controller creates empty. Who may get and patch it
// can ask the controller for reads, and say that a drill has succeeded.
const Name = readiness.DrillsName

// version is the schema that is written. A newer one has to stay readable.
const version = 1

// MaxBytes is how long the value of a key may be.
const MaxBytes = 64 << 10

// A Record is what is kept of an endpoint's drills, under its name.
type Record struct {
	Version int `json:"version"`
	// Instances are by name.
	Instances map[string]Last `json:"instances"`
}

// Last is what is kept of one instance's drills.
type Last struct {
	// Success is when the last one began that succeeded; nil where none has.
	Success *time.Time `json:"lastSuccess"`
	// Report is the last one, whatever became of it.
	Report *Report `json:"last"`
}

// ReadRecord reads the value of a key; that of no key, "", has nothing. An error is one
// sentence.
func ReadRecord(text string) (Record, error) {
	r := Record{Version: version, Instances: map[string]Last{}}
	if strings.TrimSpace(text) == "" {
		return r, nil
	}
	if len(text) > MaxBytes {
		return r, fmt.Errorf("the record of drills is %d bytes long: at most %d are read", len(text), MaxBytes)
	}
	read := r
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		return r, fmt.Errorf("the record of drills can't be read: the next drill writes it anew: %w", err)
	}
	if read.Instances == nil {
		read.Instances = map[string]Last{}
	}
	return read, nil
}

// With is the record after a drill. Where it would be too long to be read, other instances
// keep their last success, and lose their last report.
func (r Record) With(report Report) Record {
	next := Record{Version: version, Instances: map[string]Last{}}
	maps.Copy(next.Instances, r.Instances)
	last := next.Instances[report.Instance]
	last.Report = &report
	if report.Succeeded {
		last.Success = &report.Begin
	}
	next.Instances[report.Instance] = last
	// What isn't read again would cost all of them their last success.
	for _, name := range slices.Sorted(maps.Keys(next.Instances)) {
		if len(next.Encode()) <= MaxBytes {
			break
		}
		if name != report.Instance {
			next.Instances[name] = Last{Success: next.Instances[name].Success}
		}
	}
	return next
}

// ahead is by how much another clock may be before ours.
const ahead = 5 * time.Minute

// LastSuccess is when the last drill of an instance began that succeeded; false where none
// has. A time in the future is none: a wrong clock shall not keep an alert silent.
func (r Record) LastSuccess(instance string, now time.Time) (time.Time, bool) {
	last := r.Instances[instance]
	if last.Success == nil || last.Success.IsZero() || last.Success.After(now.Add(ahead)) {
		return time.Time{}, false
	}
	return *last.Success, true
}

// Encode gives the value of the key, the same record always as the same text.
func (r Record) Encode() string { return encode(r) }

func encode(value any) string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err) // no value of these types fails
	}
	return strings.TrimSuffix(text.String(), "\n")
}
