package writeback

import (
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

// mostCalls is more than any way from one set of records to another takes.
const mostCalls = 2*maxOriginals + 2*256 + 2

// maxOriginals is how many addresses could stand in one Remark.
const maxOriginals = 5

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
