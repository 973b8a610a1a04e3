package writeback

import (
	"context"
	"reflect"
	"time"

	"github.com/registry-failover/registry-failover/internal/published"
)

// statusPause is between two changes of an endpoint's status. That a mark has come or
// gone is told at once, since an uninstallation goes by it, and so is a dry run.
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
	urgent := e.status.Owner != e.written.Owner || !reflect.DeepEqual(e.status.DryRun, e.written.DryRun)
	if reflect.DeepEqual(e.status, e.written) || !urgent && now.Sub(e.wroteAt) < statusPause {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, look)
	defer cancel()
	if err := published.PutStatus(ctx, published.InConfigMaps(e.ConfigMaps), e.Name, "writeBack", e.status); err != nil {
		e.Log.Debug("the status can't be written", "endpoint", e.Name, "error", err)
		return
	}
	e.written, e.wroteAt = e.status, now
}
