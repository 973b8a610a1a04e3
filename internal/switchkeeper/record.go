package switchkeeper

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// record is the state of one endpoint as far as the switch is concerned: JSON as
// [zone.State] describes it, of which other writers have their parts.
type record struct {
	lastSwitch string
	// since is when lastSwitch came to lead where it leads, as RFC 3339 under
	// lastSwitchSince; zero where that isn't there or can't be read. No resolver reads it.
	since time.Time
	// foreign says that this program must not write here: the version is too new.
	foreign bool
	// damaged says that no resolver can read it.
	damaged bool
	fields  map[string]json.RawMessage
}

// readRecord reads one value of the state ConfigMap. What a resolver could not
// read is an error here too, but a lastSwitch that can be made out in it is
// given with the error.
func readRecord(text string) (record, error) {
	s, err := zone.ParseState([]byte(text))
	r := record{damaged: err != nil, lastSwitch: s.LastSwitch}
	if json.Unmarshal([]byte(text), &r.fields) != nil {
		r.fields = nil
		return r, err
	}
	var version int
	if json.Unmarshal(r.fields["version"], &version) == nil && version > zone.StateVersion+1 {
		return record{foreign: true}, err
	}
	var since string
	if json.Unmarshal(r.fields[sinceField], &since) == nil {
		r.since, _ = time.Parse(time.RFC3339, since)
	}
	if r.damaged && json.Unmarshal(r.fields["lastSwitch"], &r.lastSwitch) != nil {
		r.lastSwitch = ""
	}
	return r, err
}

const sinceField = "lastSwitchSince"

// with gives the record as JSON with another lastSwitch, the time since when it leads
// where it leads, which may be zero, and all other fields as they were; without them
// where they are what makes it unreadable.
func (r record) with(value string, since time.Time) (string, error) {
	own := map[string]json.RawMessage{"version": marshal(zone.StateVersion), "lastSwitch": marshal(value)}
	if !since.IsZero() {
		own[sinceField] = marshal(since.UTC().Format(time.RFC3339))
	}
	fields := maps.Clone(r.fields)
	// Go's decoder takes names without regard to case.
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool {
		return strings.EqualFold(name, "lastSwitch") || name == sinceField
	})
	if version, there := fields["version"]; there {
		own["version"] = version
	}
	if fields == nil {
		fields = map[string]json.RawMessage{}
	}
	maps.Copy(fields, own)
	text := marshal(fields)
	_, err := zone.ParseState(text)
	if err != nil && r.damaged {
		own["version"] = marshal(zone.StateVersion)
		text = marshal(own)
		_, err = zone.ParseState(text)
	}
	if err != nil {
		return "", fmt.Errorf("the switch can't be recorded: write a shorter one: %w", err)
	}
	return string(text), nil
}

// blank is a record that knows of no switch.
var blank = string(marshal(map[string]int{"version": zone.StateVersion}))

func marshal(value any) json.RawMessage {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // numbers, strings and JSON that was read
	}
	return data
}
