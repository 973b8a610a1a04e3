package alibaba

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

func TestChangesAreMadeAsTheyAreShown(t *testing.T) {
	w := newWorld(t, oneZone(cloud.Record{ID: 7, RR: "@", Type: "A", Value: "10.0.0.1", TTL: 30}, cloud.Record{ID: 8, RR: "@", Type: "A", Value: "10.0.0.2"}), validKey)
	for _, c := range []Change{
		{Action: UpdateRecordRemark, RecordID: 7, Record: Record{Remark: "rf1-0a1b2c3d-10.0.0.1,10.0.0.2"}},
		{Action: DeleteZoneRecord, RecordID: 8},
		{Action: AddZoneRecord, ZoneID: "zone-1", Record: Record{Addr: netip.MustParseAddr("fd00::1"), TTL: time.Minute}},
		{Action: UpdateZoneRecord, RecordID: 7, Record: Record{Addr: netip.MustParseAddr("10.0.0.9"), TTL: 30 * time.Second}},
	} {
		if err := w.client.Change(t.Context(), c); err != nil {
			t.Fatal(c, err)
		}
	}
	zones, err := w.client.ReadZones(t.Context(), "z.test")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range zones[0].Records {
		got = append(got, r.Type()+" "+r.Value()+" "+r.TTL.String()+" "+r.Remark)
	}
	if diff := cmp.Diff([]string{"A 10.0.0.9 30s rf1-0a1b2c3d-10.0.0.1,10.0.0.2", "AAAA fd00::1 1m0s "}, got); diff != "" {
		t.Error(diff)
	}
}

// TestAChangeIsMadeOnce, because nobody knows whether one that failed was carried out.
func TestAChangeIsMadeOnce(t *testing.T) {
	w := newWorld(t, oneZone(cloud.Record{ID: 7, RR: "@", Type: "A", Value: "10.0.0.1"}), validKey)
	w.Inject(cloud.Fault{Code: "ServiceUnavailable", Status: 503})
	err := w.client.Change(t.Context(), Change{Action: UpdateRecordRemark, RecordID: 7})
	if err == nil || len(w.Calls()) != 1 {
		t.Errorf("%v, %d calls", err, len(w.Calls()))
	}
}
