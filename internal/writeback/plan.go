package writeback

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// A Step is what the next call is for. Between two steps time must pass.
type Step string

const (
	// Done says that nothing is to be called.
	Done Step = ""
	// Marking keeps the original.
	Marking Step = "marking"
	// Writing changes where the name leads.
	Writing Step = "writing"
	// Clearing takes the mark away, when the original is back.
	Clearing Step = "clearing"
)

// Input is what a decision depends on.
type Input struct {
	// Zone is the one bound to the cluster's VPC, as it was read now.
	Zone  alibaba.Zone
	Owner string
	// Want is what the name shall lead to; the original where it is empty.
	Want zone.Records
	// Known are all that a switch could write: what else stands there beside a mark, a person has written.
	Known []zone.Records
	// Held is the cluster's mark while the original isn't known to be back, its zero value otherwise.
	Held Mark
	// Force writes into a zone that a service has made, too.
	Force bool
}

// Next gives the one call that comes next, or says why there is none: an error
// is one sentence with a remedy.
func Next(in Input) (Step, alibaba.Change, error) {
	records := in.Zone.Records
	if len(records) == 0 {
		return Done, alibaba.Change{}, errors.New("the zone has no record at @ that leads somewhere: add one by hand")
	}
	kept, mark, err := Marked(in)
	if err != nil {
		return Done, alibaba.Change{}, err
	}
	if mark.Owner == "" {
		return begin(in)
	}
	original := mark.Original
	if empty(original) {
		return Done, alibaba.Change{}, fmt.Errorf("the Remark %q names an original that can't be read, or that the configuration doesn't know any more: put the instance back into it, or edit the record and clear its Remark by hand", mark)
	}
	want := in.Want
	if empty(want) {
		want = original
	}
	if foreign := edited(records, append(in.Known, want, original)); foreign != "" {
		return Done, alibaba.Change{}, fmt.Errorf("somebody has written %s beside this cluster's mark, which is left alone: let the record lead to %s by hand, or clear its Remark and turn privateZone.writeBack off", foreign, show(want))
	}
	switch {
	case same(current(records), want) && same(want, original):
		return Clearing, remark(kept, mark.Replaced), nil
	case same(current(records), want):
		return Done, alibaba.Change{}, nil
	case in.Zone.ByService && !in.Force && !same(want, original): // what was forced before is brought back all the same
		return Done, alibaba.Change{}, unforced(in.Zone)
	default:
		return Writing, write(in.Zone, kept, want), nil
	}
}

func unforced(z alibaba.Zone) error {
	return fmt.Errorf("a service, or somebody with an assumed role, has made the zone %s: set privateZone.force to write into it all the same", z.ID)
}

// begin is for a name without a mark.
func begin(in Input) (Step, alibaba.Change, error) {
	records := in.Zone.Records
	now := current(records)
	if in.Held.Owner != "" && !same(now, in.Held.Original) { // the cloud, or somebody, has lost it
		return Marking, remark(records[0], in.Held.String()), nil
	}
	if empty(in.Want) || same(now, in.Want) {
		return Done, alibaba.Change{}, nil
	}
	switch {
	case in.Zone.ByService && !in.Force:
		return Done, alibaba.Change{}, unforced(in.Zone)
	case len(in.Zone.Ignored) > 0:
		return Done, alibaba.Change{}, fmt.Errorf("the zone %s has what a mark can't keep: %s", in.Zone.ID, strings.Join(in.Zone.Ignored, "; "))
	}
	mark, err := NewMark(in.Owner, now, records[0].Remark)
	if err != nil {
		return Done, alibaba.Change{}, err
	}
	return Marking, remark(records[0], mark.String()), nil
}

// Marked gives the record with this cluster's mark, where there is one. Another
// cluster's is an error, and so is one that can't be read.
func Marked(in Input) (alibaba.Record, Mark, error) {
	var kept alibaba.Record
	var mine Mark
	for _, r := range in.Zone.Records {
		mark, is := ParseMark(r.Remark, hosts(in.Known))
		switch {
		case !is:
		case mark.Owner == "":
			return alibaba.Record{}, Mark{}, fmt.Errorf("the Remark %q begins as a mark does and can't be read: restore the record and clear the Remark by hand", r.Remark)
		case mark.Owner != in.Owner:
			return alibaba.Record{}, Mark{}, fmt.Errorf("the cluster %s has written the record, and will bring %s back: fail back there, or, if it is gone, restore the record and clear its Remark %q by hand", mark.Owner, show(mark.Original), r.Remark)
		case mine.Owner == "":
			kept, mine = r, mark
		}
	}
	return kept, mine, nil
}

// write is one call towards what is wanted. The kept record is never deleted, so
// the name is never without one. A CNAME stands alone at its name.
func write(z alibaba.Zone, kept alibaba.Record, want zone.Records) alibaba.Change {
	others := slices.DeleteFunc(slices.Clone(z.Records), func(r alibaba.Record) bool { return r.ID == kept.ID })
	if want.CNAME != "" {
		if len(others) > 0 {
			return alibaba.Change{Action: alibaba.DeleteZoneRecord, ZoneID: z.ID, RecordID: others[0].ID}
		}
		return update(kept, alibaba.Record{Target: want.CNAME, TTL: kept.TTL})
	}
	stands := current(z.Records).Addrs
	missing := slices.DeleteFunc(slices.Clone(want.Addrs), func(a netip.Addr) bool { return slices.Contains(stands, a) })
	keptIsWanted := slices.Contains(want.Addrs, kept.Addr)
	switch {
	case !keptIsWanted && len(missing) > 0:
		return update(kept, alibaba.Record{Addr: missing[0], TTL: kept.TTL})
	case !keptIsWanted: // all that is wanted is there beside it: it takes one over
		i := slices.IndexFunc(others, func(r alibaba.Record) bool { return slices.Contains(want.Addrs, r.Addr) })
		return alibaba.Change{Action: alibaba.DeleteZoneRecord, ZoneID: z.ID, RecordID: others[i].ID}
	case len(missing) > 0:
		return alibaba.Change{Action: alibaba.AddZoneRecord, ZoneID: z.ID, Record: alibaba.Record{Addr: missing[0], TTL: kept.TTL}}
	default:
		i := slices.IndexFunc(others, func(r alibaba.Record) bool { return !slices.Contains(want.Addrs, r.Addr) })
		return alibaba.Change{Action: alibaba.DeleteZoneRecord, ZoneID: z.ID, RecordID: others[i].ID}
	}
}

func update(kept, to alibaba.Record) alibaba.Change {
	return alibaba.Change{Action: alibaba.UpdateZoneRecord, RecordID: kept.ID, Record: to}
}

func remark(r alibaba.Record, text string) alibaba.Change {
	return alibaba.Change{Action: alibaba.UpdateRecordRemark, RecordID: r.ID, Record: alibaba.Record{Remark: text}}
}
