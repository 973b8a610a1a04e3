package automatic

import (
	"context"
	"time"

	"github.com/registry-failover/registry-failover/internal/cloudreader"
)

// A zoneReport is what is known of an endpoint's status of PrivateZone.
type zoneReport struct {
	// seenAt is when PrivateZone was seen to give what the step goes by; zero where
	// that isn't known now.
	seenAt  time.Time
	written cloudreader.Written
}

// showZone publishes, in manual mode too, where PrivateZone leads as DNS has it. Where the zones are
// read over the cloud's API, whoever reads them does that. What isn't known isn't told:
// then what stands grows old.
func (e *endpoint) showZone(ctx context.Context) {
	z, now := &e.zone, e.in.Now
	if e.PrivateZone.ReadAt != nil || z.seenAt.IsZero() {
		return
	}
	var s cloudreader.Status
	s.Set(e.in.ZoneTarget, z.seenAt)
	if !z.written.Due(s, now) {
		return
	}
	wrote, err := e.putStatus(ctx, cloudreader.Part, s)
	if wrote {
		z.written = cloudreader.Written{Status: s, At: now}
	}
	if err != nil && ctx.Err() == nil {
		e.Log.Debug("where PrivateZone leads can't be written into the status", "endpoint", e.name, "error", err)
	}
}
