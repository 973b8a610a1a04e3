package resolver

import (
	"context"
	"log/slog"
	"time"

	"github.com/registry-failover/registry-failover/internal/nodehosts"
)

// recheck is how often the hosts file is compared with what it should hold:
// others edit it too.
const recheck = 10 * time.Second

// hostsKeeper keeps the block in a hosts file, away from the loop that answers
// depend on: a slow disk must not delay a switch.
type hostsKeeper struct {
	file    *nodehosts.File
	wanted  chan nodehosts.Block // holds the newest one only
	log     *slog.Logger
	metrics *metrics
}

// want replaces what the file shall hold. It never blocks. Only one goroutine may call it.
func (k *hostsKeeper) want(b nodehosts.Block) {
	select {
	case <-k.wanted:
	default:
	}
	k.wanted <- b
}

func (k *hostsKeeper) run(ctx context.Context) error {
	var block nodehosts.Block
	var problem string
	begun := false
	tick := time.NewTicker(recheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case block = <-k.wanted:
			begun = true
		case <-tick.C:
		}
		if !begun {
			continue // nothing is decided: the file stays as the last run left it
		}
		changed, err := k.file.Apply(block)
		k.metrics.hostsSynced.Set(truth(err == nil))
		switch {
		case err != nil && err.Error() != problem:
			k.log.Error("the hosts file is not as it should be", "error", err)
		case changed:
			k.log.Info("the hosts file was changed", "entries", len(block.Entries))
		}
		problem = ""
		if err != nil {
			problem = err.Error()
		}
	}
}
