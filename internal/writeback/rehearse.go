package writeback

import (
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// mostCalls is more than any way from one set of records to another takes.
const mostCalls = 600

// Rehearse gives all calls that would be made, if nobody else does anything. Ids
// are those of now; a record that is added has none yet.
func Rehearse(in Input) ([]alibaba.Change, error) {
	var all []alibaba.Change
	for range mostCalls {
		step, change, err := Next(in)
		if err != nil || step == Done {
			return all, err
		}
		all = append(all, change)
		in.Zone.Records = Apply(in.Zone.Records, change)
	}
	return all, nil
}

// Apply gives the records as they are after a call.
func Apply(records []alibaba.Record, c alibaba.Change) []alibaba.Record {
	records = slices.Clone(records)
	i := slices.IndexFunc(records, func(r alibaba.Record) bool { return r.ID == c.RecordID })
	switch {
	case c.Action == alibaba.AddZoneRecord:
		return append(records, c.Record)
	case i < 0:
	case c.Action == alibaba.DeleteZoneRecord:
		return slices.Delete(records, i, i+1)
	case c.Action == alibaba.UpdateRecordRemark:
		records[i].Remark = c.Record.Remark
	case c.Action == alibaba.UpdateZoneRecord:
		records[i].Addr, records[i].Target, records[i].TTL = c.Record.Addr, c.Record.Target, c.Record.TTL
	}
	return records
}

// rehearse shows what the switch as it is would do, and what a switch to each
// instance would. Nothing is written.
func (e *endpoint) rehearse(in Input, st zone.State) {
	e.status.DryRun = map[string][]string{e.target: calls(in)}
	for _, i := range e.Instances {
		target := zone.Target{Instance: i.Name, Network: i.Network}
		records, err := e.Records(target, st)
		if err != nil || empty(records) {
			continue
		}
		in.Want = records
		e.status.DryRun[target.String()] = calls(in)
	}
	var lines []string
	for _, word := range e.Words() {
		if all, there := e.status.DryRun[word]; there {
			lines = append(lines, word+": "+strings.Join(all, "; "))
		}
	}
	text := strings.Join(lines, "\n")
	if text != e.shown {
		e.shown = text
		e.Log.Info("a dry run: this would be called", "endpoint", e.Name, "zone", in.Zone.ID, "switch", e.target, "calls", e.status.DryRun)
	}
}

func calls(in Input) []string {
	all, err := Rehearse(in)
	texts := []string{}
	for _, c := range all {
		texts = append(texts, c.String())
	}
	if err != nil {
		texts = append(texts, "refused: "+err.Error())
	}
	return texts
}
