package alibaba

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/pvtz"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

var asRead = cmp.Options{cmpopts.IgnoreFields(Record{}, "ID"), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}

func TestReadZonesOverHTTPS(t *testing.T) {
	w := newWorld(t, twoRegions(t), validKey)
	w.listen(t)
	got, err := w.client.ReadZones(t.Context(), "Cross-Region.registry.io.")
	if err != nil {
		t.Fatal(err)
	}
	want := []Zone{
		{
			ID: "zone-hangzhou", Name: "cross-region.registry.io", Type: CloudProductZone, ByService: true, VPCs: []VPC{{"vpc-aaaaa", "cn-hangzhou"}},
			Records: []Record{{Addr: netip.MustParseAddr("10.1.0.10"), TTL: time.Minute}},
		},
		{
			ID: "zone-zhangjiakou", Name: "cross-region.registry.io", Type: AuthZone, VPCs: []VPC{{"vpc-bbbbb", "cn-zhangjiakou"}},
			Records: []Record{{Addr: netip.MustParseAddr("10.2.0.10"), TTL: time.Minute}},
		},
	}
	if diff := cmp.Diff(want, got, asRead); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, call := range w.Calls() {
		if call.Action == "DescribeZones" && call.Query["SearchMode"] != "EXACT" {
			t.Errorf("zones are sought without SearchMode EXACT: %v", call.Query)
		}
	}
}

func TestAZoneIsAServicesUnlessAPersonMadeIt(t *testing.T) {
	for zone, byService := range map[pvtzCreator]bool{
		{}:                                   false,
		{of: CloudProductZone}:               true,
		{kind: "USER"}:                       false,
		{kind: "SYSTEM"}:                     true,
		{kind: "USER", sub: "CUSTOMER"}:      false,
		{kind: "user", sub: "custom"}:        false,
		{kind: "USER", sub: "SUB"}:           false,
		{kind: "USER", sub: "STS"}:           true,
		{sub: "OTHER", of: AuthZone}:         true,
		{kind: "USER", of: CloudProductZone}: true,
	} {
		if got := newZone(pvtz.Zone{CreatorType: zone.kind, CreatorSubType: zone.sub}, zone.of); got.ByService != byService {
			t.Errorf("%+v: %t", zone, got.ByService)
		}
	}
}

type pvtzCreator struct {
	kind, sub string
	of        ZoneType
}

func TestReadZonesWhereThereIsNone(t *testing.T) {
	w := newWorld(t, twoRegions(t), validKey)
	got, err := w.client.ReadZones(t.Context(), "registry.io")
	if err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestReadRecords(t *testing.T) {
	at := func(kind, value string) cloud.Record { return cloud.Record{RR: "@", Type: kind, Value: value} }
	for sentence, test := range map[string]struct {
		records []cloud.Record
		want    []string
		ignored []string
		wantErr string
	}{
		"addresses of both families": {
			records: []cloud.Record{at("A", "10.0.0.2"), at("A", "10.0.0.1"), at("AAAA", "fd00::1")},
			want:    []string{"10.0.0.1", "10.0.0.2", "fd00::1"},
		},
		"a CNAME, whatever its case and final dot": {records: []cloud.Record{at("CNAME", "A.Example.")}, want: []string{"a.example"}},
		"what is disabled or of another name or type is nothing": {
			records: []cloud.Record{
				at("A", "10.0.0.1"),
				{RR: "@", Type: "A", Value: "10.0.0.2", Status: "DISABLE"},
				{RR: "www", Type: "A", Value: "10.0.0.3"},
				at("TXT", "hello"), at("MX", "mail.example"),
			},
			want: []string{"10.0.0.1"},
		},
		"a record of another line is reported": {
			records: []cloud.Record{at("A", "10.0.0.1"), {RR: "@", Type: "A", Value: "10.0.0.2", Line: "aliyun_r_cn-hangzhou"}},
			want:    []string{"10.0.0.1"},
			ignored: []string{`A 10.0.0.2 answers the line "aliyun_r_cn-hangzhou" only`},
		},
		"what is reported is short, and one line": {
			records: []cloud.Record{at("A", "10.0.0.1"), {RR: "@", Type: "CNAME", Value: "a.example", Line: "\n" + strings.Repeat("x", 1000)}},
			want:    []string{"10.0.0.1"},
			ignored: []string{`CNAME a.example answers the line "\n` + strings.Repeat("x", maxDetail-len(`CNAME a.example answers the line "\n`)) + "…"},
		},
		"weights are reported": {
			records: []cloud.Record{at("A", "10.0.0.1"), {RR: "@", Type: "A", Value: "10.0.0.2", Weight: 10}},
			want:    []string{"10.0.0.1", "10.0.0.2"},
			ignored: []string{"the records' weights: all addresses count alike"},
		},
		"none":                        {},
		"an A record with a name":     {records: []cloud.Record{at("A", "a.example")}, wantErr: `the A record has the value "a.example"`},
		"an A record with IPv6":       {records: []cloud.Record{at("A", "fd00::1")}, wantErr: `the A record has the value "fd00::1"`},
		"an AAAA record with IPv4":    {records: []cloud.Record{at("AAAA", "10.0.0.1")}, wantErr: `the AAAA record has the value "10.0.0.1"`},
		"a CNAME to the root":         {records: []cloud.Record{at("CNAME", ".")}, wantErr: `the CNAME record has the value "."`},
		"a CNAME beside an address":   {records: []cloud.Record{at("CNAME", "a.example"), at("A", "10.0.0.1")}, wantErr: "the name has a CNAME beside other records"},
		"a CNAME beside another one":  {records: []cloud.Record{at("CNAME", "a.example"), at("CNAME", "b.example")}, wantErr: "the name has a CNAME beside other records"},
		"a bad value that is enabled": {records: []cloud.Record{at("A", "10.0.0.1"), at("A", "")}, wantErr: `the A record has the value ""`},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, oneZone(test.records...), validKey)
			zones, err := w.client.ReadZones(t.Context(), "z.test")
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) || KindOf(err) != Malformed {
					t.Fatalf("got %v, want %q", err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range zones[0].Records {
				got = append(got, r.Value())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.ignored, zones[0].Ignored); diff != "" {
				t.Errorf("ignored (-want +got)\n%s", diff)
			}
		})
	}
}

func TestAllPagesAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := oneZone()
		data.Zones = nil
		for i := range 205 {
			data.Zones = append(data.Zones, cloud.Zone{ID: fmt.Sprintf("zone-%03d", i), Name: "z.test"})
		}
		for i := range 301 {
			data.Zones[204].Records = append(data.Zones[204].Records, cloud.Record{RR: "@", Type: "A", Value: fmt.Sprintf("10.0.%d.%d", i/250, i%250)})
		}
		w := newWorld(t, data, validKey)
		begun := time.Now()
		zones, err := w.client.ReadZones(t.Context(), "z.test")
		if err != nil {
			t.Fatal(err)
		}
		if len(zones) != 205 || len(zones[204].Records) != 301 {
			t.Errorf("%d zones, %d records in the last", len(zones), len(zones[204].Records))
		}
		// 3 + 1 pages of zones, 204 + 4 pages of records, at 100 a minute after a burst of 20.
		if calls, took := len(w.Calls()), time.Since(begun).Round(time.Second); calls != 212 || took != 115*time.Second {
			t.Errorf("%d calls in %s", calls, took)
		}
	})
}

// TestOnlyAWholeReadingCounts spoils pages: what is published is whole, or
// nothing is.
func TestOnlyAWholeReadingCounts(t *testing.T) {
	for sentence, fault := range map[string]cloud.Fault{
		"a zone is missing from its page":   {Action: "DescribeZones", Short: 1},
		"the total counts one that isn't":   {Action: "DescribeZones", More: 1},
		"the total grows after a page":      {Action: "DescribeZoneRecords", Skip: 1, More: 7},
		"a record is missing from its page": {Action: "DescribeZoneRecords", Short: 1},
		"an item comes twice":               {Action: "DescribeZoneRecords", Repeat: true},
		"the total is negative":             {Action: "DescribeZoneRecords", More: -1000},
		"a list is too long to be one":      {Action: "DescribeZoneRecords", More: 1 << 20},
		"the answer is JSON, but no page":   {Action: "DescribeZones", Body: `{}`},
		"the answer is null":                {Action: "DescribeZones", Body: `null`},
		"the page is another":               {Action: "DescribeZoneRecords", Body: `{"PageNumber":2,"PageSize":100,"TotalItems":0,"Records":{"Record":[]}}`},
		"an item has no id":                 {Action: "DescribeZones", Body: `{"PageNumber":1,"PageSize":100,"TotalItems":1,"Zones":{"Zone":[{"ZoneName":"z.test"}]}}`},
		"an item is null":                   {Action: "DescribeZones", Body: `{"PageNumber":1,"PageSize":100,"TotalItems":1,"Zones":{"Zone":[null]}}`},
		"a zone has no name":                {Action: "DescribeZones", Body: `{"PageNumber":1,"PageSize":100,"TotalItems":1,"Zones":{"Zone":[{"ZoneId":"zone-1"}]}}`},
		"a record is null":                  {Action: "DescribeZoneRecords", Body: `{"PageNumber":1,"PageSize":100,"TotalItems":2,"Records":{"Record":[{"RecordId":1,"Rr":"@","Type":"A","Value":"10.0.0.1"},null]}}`},
		"a record has no name":              {Action: "DescribeZoneRecords", Body: `{"PageNumber":1,"PageSize":100,"TotalItems":2,"Records":{"Record":[{"RecordId":1,"Rr":"@","Type":"A","Value":"10.0.0.1"},{"RecordId":2}]}}`},
		"a record has no type":              {Action: "DescribeZoneRecords", Body: `{"PageNumber":1,"PageSize":100,"TotalItems":1,"Records":{"Record":[{"RecordId":2,"Rr":"@","Value":"10.0.0.1"}]}}`},
		"a name is longer than DNS has any": {Action: "DescribeZoneRecords", Body: `{"PageNumber":1,"PageSize":100,"TotalItems":1,"Records":{"Record":[{"RecordId":2,"Rr":"@","Type":"CNAME","Value":"` + strings.Repeat("a.", 200) + `example"}]}}`},
		"the answer is empty":               {Action: "DescribeZones", Body: " "},
		"the answer ends in the middle":     {Action: "DescribeZones", Cut: true},
		"the zone goes while it is read":    {Action: "DescribeZoneRecords", Code: "Zone.NotExists"},
		"a number is no number":             {Action: "DescribeZones", Body: `{"PageNumber":"one"}`},
		"zones are no object":               {Action: "DescribeZones", Body: `{"PageNumber":1,"PageSize":100,"TotalItems":0,"Zones":[]}`},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				data := oneZone(cloud.Record{RR: "@", Type: "A", Value: "10.0.0.1"}, cloud.Record{RR: "@", Type: "A", Value: "10.0.0.2"})
				for i := range 150 {
					data.Zones[0].Records = append(data.Zones[0].Records, cloud.Record{RR: fmt.Sprint(i), Type: "A", Value: "10.0.0.3"})
				}
				w := newWorld(t, data, validKey)
				w.Inject(fault)
				zones, err := w.client.ReadZones(t.Context(), "z.test")
				if err == nil {
					t.Fatalf("got %v", zones)
				}
				t.Log(err)
				w.Heal()
				if zones, err := w.client.ReadZones(t.Context(), "z.test"); err != nil || len(zones) != 1 || len(zones[0].Records) != 2 {
					t.Errorf("afterwards: %v, %v", zones, err)
				}
			})
		})
	}
}

func TestAListThatChangesWhileItIsReadIsReadAgain(t *testing.T) {
	w := newWorld(t, twoRegions(t), validKey)
	w.Inject(cloud.Fault{Action: "DescribeZones", More: 1, Times: 1})
	if zones, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); err != nil || len(zones) != 2 {
		t.Errorf("got %v, %v", zones, err)
	}
}
