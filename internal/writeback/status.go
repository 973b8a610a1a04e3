package writeback

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
)

// statusPause is between two changes of an endpoint's status.
const statusPause = 10 * time.Second

// A Status is what people want to know of a write-back. It stands under
// "writeBack" in the endpoint's status.
type Status struct {
	// Target is what the record is to follow.
	Target string `json:"target,omitempty"`
	// Owner and Original are of this cluster's mark, while it stands.
	Owner    string `json:"owner,omitempty"`
	Original string `json:"original,omitempty"`
	// Error is why the record isn't what it should be.
	Error string `json:"error,omitempty"`
	// DryRun has the calls that a switch would make, by its word.
	DryRun map[string][]string `json:"dryRun,omitempty"`
}

// report writes the status where it has changed. That it can't be written keeps
// nothing from being done.
func (e *endpoint) report(ctx context.Context) {
	e.status.Target = e.target
	if !e.options.DryRun {
		e.status.DryRun = nil
	}
	now := time.Now()
	if reflect.DeepEqual(e.status, e.written) || now.Sub(e.wroteAt) < statusPause {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, look)
	defer cancel()
	if err := e.put(ctx); err != nil {
		e.Log.Debug("the status can't be written", "endpoint", e.Name, "error", err)
		return
	}
	e.written, e.wroteAt = e.status, now
}

// put writes this part beside what stands there.
func (e *endpoint) put(ctx context.Context) error {
	store := published.InConfigMaps(e.ConfigMaps)
	read, err := store.Read(ctx, inputs.StatusName, e.Name)
	if err != nil {
		return err
	}
	fields := map[string]any{}
	if read.There {
		_ = json.Unmarshal([]byte(read.Text), &fields) // what can't be read holds nothing to keep
	}
	if fields == nil { // of the text null
		fields = map[string]any{}
	}
	fields["version"], fields["writeBack"] = 1, e.status
	text, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return store.Write(ctx, inputs.StatusName, e.Name, read, string(text))
}
