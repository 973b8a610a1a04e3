package resolver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// uninstallFile is the name under which a restart finds whether the product is
// being uninstalled: the block must not come back before the switch is read again.
const uninstallFile = "uninstall"

// refreshTime is how often the time of a lookup that gave the same again is
// written: the age of records needn't cost a write with each lookup.
const refreshTime = 5 * time.Minute

// memory keeps on disk what a restart needs to answer as before while nothing
// can be read: each endpoint's last good switch, state and answer, and what DNS gave.
// It writes away from the loop that answers depend on.
type memory struct {
	store   *lastgood.Store
	log     *slog.Logger
	alarm   alarm
	pending newest[remembered]
	written prometheus.Gauge
	// lookups are what is to be written, by name, and used where the core is.
	lookups map[string]lookup
}

// lookup is what DNS gave for a name, and when it last did so.
type lookup struct {
	zone.Records
	LookedUp time.Time `json:"lookedUp,omitzero"`
}

// remembered is everything that shall be on disk.
type remembered struct {
	values map[string]string // by name; an empty one leaves what an earlier run wrote
	looked []string          // the names that have records, all others go
	served []string          // the endpoints that have answers, all others go
}

func newMemory(store *lastgood.Store, registerer prometheus.Registerer, log *slog.Logger) *memory {
	m := &memory{store: store, log: log, alarm: alarm{log: log}, pending: makeNewest[remembered](), lookups: map[string]lookup{}}
	m.written = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "registry_failover_cache_written",
		Help: "1 when what a restart needs could be written, else 0.",
	})
	registerer.MustRegister(m.written)
	return m
}

func (m *memory) lastGood(endpoint string) LastGood {
	return LastGood{
		Switch: string(m.load("switch/" + endpoint)), State: string(m.load("state/" + endpoint)), Answer: string(m.load("answer/" + endpoint)),
	}
}

func (m *memory) uninstalling() bool { return string(m.load(uninstallFile)) == "true" }

func (m *memory) records(name string) (lookup, bool) {
	var l lookup
	data := m.load("records/" + name)
	if data == nil {
		return l, false
	}
	if err := json.Unmarshal(data, &l); err != nil {
		m.log.Warn("cached records are not readable: they are looked up again", "name", name, "error", err)
		return lookup{}, false
	}
	return l, true
}

func (m *memory) load(name string) []byte {
	data, err := m.store.Load(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.log.Warn("a cached file is not used", "error", err)
	}
	return data
}

// want replaces what shall be remembered; names are those that are looked up. It never blocks.
func (m *memory) want(c *Core, names []string) {
	all := remembered{values: map[string]string{uninstallFile: strconv.FormatBool(c.uninstalling)}, looked: names, served: c.endpointNames()}
	for _, e := range c.endpoints {
		good := e.lastGood()
		all.values["switch/"+e.Name], all.values["state/"+e.Name], all.values["answer/"+e.Name] = good.Switch, good.State, good.Answer
	}
	maps.DeleteFunc(m.lookups, func(name string, _ lookup) bool { return !slices.Contains(names, name) })
	for name, r := range c.found {
		data, err := json.Marshal(m.refresh(name, lookup{r, c.lookedUp[name]}))
		if err != nil {
			m.log.Error("records can't be kept", "name", name, "error", err) // no value of this type fails
			continue
		}
		all.values["records/"+name] = string(data)
	}
	m.pending.put(all)
}

// refresh returns what shall be written of a name: with the time that was written
// before as long as nothing else has changed and it isn't too old.
func (m *memory) refresh(name string, now lookup) lookup {
	now.LookedUp = now.LookedUp.UTC().Truncate(time.Second)
	before := m.lookups[name]
	if now.CNAME == before.CNAME && slices.Equal(now.Addrs, before.Addrs) && now.LookedUp.Sub(before.LookedUp).Abs() < refreshTime {
		return before
	}
	m.lookups[name] = now
	return now
}

// run writes until ctx ends, and then what is still pending. A file system that
// hangs makes it hang too.
func (m *memory) run(ctx context.Context) {
	m.pending.each(ctx, nil, func(all remembered) {
		err := m.write(all)
		m.alarm.set("keeping what a restart needs", err)
		m.written.Set(truth(err == nil))
	}, nil)
}

// write returns the first error in the order of the names: one is enough to act
// on, and it is the same one each time. The others are written all the same.
func (m *memory) write(all remembered) error {
	var first error
	for _, name := range slices.Sorted(maps.Keys(all.values)) {
		if value := all.values[name]; value != "" {
			first = cmp.Or(first, m.store.Save(name, []byte(value)))
		}
	}
	return cmp.Or(first, m.store.KeepOnly("records", all.looked), m.store.KeepOnly("answer", all.served))
}
