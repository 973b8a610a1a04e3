package healthquorum

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/registry-failover/registry-failover/internal/published"
)

// forgetAgain is after an attempt to forget that failed.
const forgetAgain = 10 * time.Second

// A Forgetter takes a part of the status away that a part of the controller has found which
// is off now, such as what probers found: nobody would renew it.
// controller-runtime runs it while the replica leads.
type Forgetter struct {
	// Endpoints are those whose status is looked at.
	Endpoints []string
	// Part is the key in the status; with none it is the health.
	Part  string
	Store published.Store
	Log   *slog.Logger
}

// NeedLeaderElection is asked by controller-runtime.
func (f Forgetter) NeedLeaderElection() bool { return true }

// Start forgets once, however often it has to try, or until ctx ends.
func (f Forgetter) Start(ctx context.Context) error {
	said := ""
	for {
		var failures []error
		for _, endpoint := range f.Endpoints {
			failures = append(failures, f.forget(ctx, endpoint))
		}
		err := errors.Join(failures...)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil && err.Error() != said {
			f.Log.Warn("what was found by a part that is off now can't be taken away", "part", f.part(), "error", err)
			said = err.Error()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(forgetAgain):
		}
	}
}

func (f Forgetter) forget(ctx context.Context, endpoint string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return published.DropStatus(ctx, f.Store, endpoint, f.part())
}

func (f Forgetter) part() string { return cmp.Or(f.Part, "health") }
