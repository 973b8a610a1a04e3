package resolver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// memory keeps on disk what a restart needs to answer as before while nothing
// can be read: each endpoint's last good switch and state, and what DNS gave.
type memory struct {
	cache *lastgood.Store
	log   *slog.Logger
}

func (m memory) lastGood(endpoint string) LastGood {
	return LastGood{Switch: string(m.load("switch/" + endpoint)), State: string(m.load("state/" + endpoint))}
}

func (m memory) records(name string) (zone.Records, bool) {
	var r zone.Records
	data := m.load("records/" + name)
	if data == nil {
		return r, false
	}
	if err := json.Unmarshal(data, &r); err != nil {
		m.log.Warn("cached records are not readable: they are looked up again", "name", name, "error", err)
		return zone.Records{}, false
	}
	return r, true
}

func (m memory) load(name string) []byte {
	data, err := m.cache.Load(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.log.Warn("a cached file is not used", "error", err)
	}
	return data
}

// keep writes what is in force. A cache that can't be written must not stop an
// answer: the error is for the log and a metric.
func (m memory) keep(c *Core) error {
	var errs []error
	save := func(name, value string) {
		if value == "" {
			return
		}
		errs = append(errs, m.cache.Save(name, []byte(value)))
	}
	for _, e := range c.endpoints {
		good := e.lastGood()
		save("switch/"+e.Name, good.Switch)
		save("state/"+e.Name, good.State)
	}
	for name, r := range c.found {
		data, err := json.Marshal(r)
		if err != nil {
			errs = append(errs, fmt.Errorf("records of %q: %w", name, err))
			continue
		}
		save("records/"+name, string(data))
	}
	return errors.Join(errs...)
}
