package resolver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/nodehosts"
	"github.com/registry-failover/registry-failover/internal/nodereport"
)

// recheck is how often the hosts file is compared with what it should hold:
// others edit it too.
const recheck = 10 * time.Second

// wish is what the hosts file shall hold, and what is reported once it does.
type wish struct {
	block        nodehosts.Block
	uninstalling bool
	answers      map[string]nodereport.Answer
	leads        map[string]lead
}

// hostsKeeper keeps the block in a hosts file, away from the loop that answers
// depend on: a slow disk must not delay a switch.
type hostsKeeper struct {
	file   *nodehosts.File
	wanted newest[wish]
	// tell takes what the file holds together with the answers that it holds them
	// for. It doesn't block.
	tell func(nodereport.Report)
	// block is what the file's block held when it was looked at last, and since
	// when; nothing before the first look.
	block map[string][]netip.Addr
	since time.Time
	// stands is whether the block was as wished when it was looked at last.
	stands bool
	// lookout is nil where nobody looks out, resetter where no connection is to be reset.
	lookout  *lookout
	resetter *resetter
	log      *slog.Logger
	alarm    alarm
	synced   prometheus.Gauge
}

func newHostsKeeper(file *nodehosts.File, registerer prometheus.Registerer, log *slog.Logger) *hostsKeeper {
	k := &hostsKeeper{file: file, wanted: makeNewest[wish](), tell: func(nodereport.Report) {}, log: log, alarm: alarm{log: log}}
	k.synced = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "registry_failover_hosts_synced",
		Help: "1 when the hosts file holds the block that it should, and no foreign line for a shared endpoint; else 0.",
	})
	registerer.MustRegister(k.synced)
	return k
}

// run works until ctx ends, and applies then what is still wanted. A file system
// that hangs makes it hang too; what was told last then stays behind the answers.
func (k *hostsKeeper) run(ctx context.Context) {
	var now *wish // nil before anything is wanted: the file stays as the last run left it
	var holds string
	var findings []string
	report := func() {
		k.tell(nodereport.Report{Answers: now.answers, Hosts: holds, Since: k.since, Findings: k.resetter.findings(findings)})
	}
	look := func() {
		if k.lookout != nil {
			findings = k.lookout.look(now.block.Known)
		}
		report()
	}
	tick := time.NewTicker(recheck)
	defer tick.Stop()
	k.wanted.each(ctx, tick.C, func(w wish) {
		// Every lookup and every event wants the same again.
		if now == nil || !w.block.Equal(now.block) || w.uninstalling != now.uninstalling {
			holds = k.apply(w)
		}
		first := now == nil
		now = &w
		k.lead(w.leads)
		report()
		if first {
			look()
		}
	}, func() {
		if now != nil {
			holds = k.apply(*now)
			k.lead(now.leads)
			look()
		}
	})
}

// lead says where the hosts file leads, once it does.
func (k *hostsKeeper) lead(to map[string]lead) {
	if k.resetter != nil && k.stands {
		k.resetter.led.put(to)
	}
}

// apply makes the file as wished, and returns what it holds then, in the words of a report.
func (k *hostsKeeper) apply(w wish) (holds string) {
	changed, err := k.file.Apply(w.block)
	if changed {
		k.log.Info("the hosts file was changed", "entries", len(w.block.Entries), "uninstalling", w.uninstalling)
	}
	content, written, unread := k.file.Read()
	err = cmp.Or(err, unread)
	k.stands = err == nil
	block := nodehosts.Applied(content)
	if unread == nil {
		k.date(block, changed, written)
	}
	if !w.uninstalling {
		err = errors.Join(err, foreign(content, w.block.Known))
	}
	k.alarm.set("keeping the hosts file", err)
	k.synced.Set(truth(err == nil))
	switch {
	case err != nil:
		return err.Error()
	case w.uninstalling:
		return nodereport.Removed
	case len(block) == 0:
		return nodereport.None
	}
	return nodereport.Applied
}

// date keeps since when the block is what it is. One that somebody damaged and
// that was repaired is as old as before.
func (k *hostsKeeper) date(block map[string][]netip.Addr, changed bool, written time.Time) {
	switch {
	case changed && (k.block == nil || !maps.EqualFunc(block, k.block, slices.Equal)):
		k.since = time.Now().Truncate(time.Second)
	case k.block == nil: // an earlier run wrote it, or there never was one
		k.since = written.Truncate(time.Second)
	}
	k.block = block
}

// foreign returns an error when others name a shared endpoint in the file too.
func foreign(content []byte, known []string) error {
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
