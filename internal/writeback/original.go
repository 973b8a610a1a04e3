package writeback

import (
	"context"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

// Originals reads zones as they are without what this cluster has written: whoever
// learns from them where instances are, and what PrivateZone says, isn't taken in
// by the cluster's own failover. Another cluster's writing is shown as it is.
type Originals struct {
	*alibaba.Client
	Owner func(context.Context) (string, error)
	// Hosts are the names that the hash in a mark may stand for.
	Hosts func() []string
}

// ReadZones is the client's, with originals in place of marked records.
func (o Originals) ReadZones(ctx context.Context, name string) ([]alibaba.Zone, error) {
	zones, err := o.Client.ReadZones(ctx, name)
	if err != nil {
		return nil, err
	}
	owner, err := o.Owner(ctx)
	if err != nil {
		return nil, err
	}
	for i, z := range zones {
		zones[i].Records = originals(z.Records, owner, o.Hosts())
	}
	return zones, nil
}

func originals(records []alibaba.Record, owner string, hosts []string) []alibaba.Record {
	for _, r := range records {
		mark, is := ParseMark(r.Remark, hosts)
		if !is || mark.Owner != owner || empty(mark.Original) {
			continue
		}
		if mark.Original.CNAME != "" {
			return []alibaba.Record{{ID: r.ID, Target: mark.Original.CNAME, TTL: r.TTL, Remark: r.Remark}}
		}
		var restored []alibaba.Record
		for _, a := range mark.Original.Addrs {
			restored = append(restored, alibaba.Record{ID: r.ID, Addr: a, TTL: r.TTL, Remark: r.Remark})
		}
		return restored
	}
	return records
}
