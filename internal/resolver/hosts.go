package resolver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/nodehosts"
)

// recheck is how often the hosts file is compared with what it should hold:
// others edit it too.
const recheck = 10 * time.Second

// hostsKeeper keeps the block in a hosts file, away from the loop that answers
// depend on: a slow disk must not delay a switch.
type hostsKeeper struct {
	file   *nodehosts.File
	wanted newest[nodehosts.Block]
	log    *slog.Logger
	alarm  alarm
	synced prometheus.Gauge
}

func newHostsKeeper(file *nodehosts.File, registerer prometheus.Registerer, log *slog.Logger) *hostsKeeper {
	k := &hostsKeeper{file: file, wanted: makeNewest[nodehosts.Block](), log: log, alarm: alarm{log: log}}
	k.synced = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "registry_failover_hosts_synced",
		Help: "1 when the hosts file holds the block that it should, and no foreign line for a shared endpoint; else 0.",
	})
	registerer.MustRegister(k.synced)
	return k
}

// run works until ctx ends, and applies then what is still wanted. A file system
// that hangs makes it hang too.
func (k *hostsKeeper) run(ctx context.Context) {
	var block *nodehosts.Block // nil before anything is wanted: the file stays as the last run left it
	tick := time.NewTicker(recheck)
	defer tick.Stop()
	k.wanted.each(ctx, tick.C, func(b nodehosts.Block) {
		if block == nil || !b.Equal(*block) { // every lookup and every event wants it again
			block = &b
			k.apply(b)
		}
	}, func() {
		if block != nil {
			k.apply(*block)
		}
	})
}

func (k *hostsKeeper) apply(b nodehosts.Block) {
	changed, err := k.file.Apply(b)
	if changed {
		k.log.Info("the hosts file was changed", "entries", len(b.Entries))
	}
	err = errors.Join(err, k.foreign(b.Known))
	k.alarm.set("keeping the hosts file", err)
	k.synced.Set(truth(err == nil))
}

// foreign returns an error when others name a shared endpoint in the file too.
func (k *hostsKeeper) foreign(known []string) error {
	content, err := k.file.Read()
	if err != nil {
		return nil // Apply has reported it
	}
	var names []string
	for name := range nodehosts.Foreign(content) {
		if slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return fmt.Errorf("the hosts file has lines outside the block for %s, which decide where the node goes as well: remove them", strings.Join(names, ", "))
}
