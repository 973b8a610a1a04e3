package prober

import (
	"context"
	"encoding/json"
	"time"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/published"
)

// A File is where a prober's report stands without a cluster: DIR/health/NAME.
type File struct {
	Dir  *published.Dir
	Name string
}

// Write replaces the file. It holds a JSON object: when it was written, and as text what
// the annotations of a Lease would be.
func (f File) Write(ctx context.Context, r healthreport.Report) error {
	text, err := json.Marshal(map[string]any{"renewed": time.Now().UTC().Truncate(time.Second), "annotations": r.Annotations()})
	if err != nil {
		return err
	}
	read, err := f.Dir.Read(ctx, published.HealthReports, f.Name)
	if err != nil {
		return err
	}
	return f.Dir.Write(ctx, published.HealthReports, f.Name, read, string(text))
}
