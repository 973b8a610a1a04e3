package cloud

import (
	"fmt"
	"maps"
	"testing"
)

func TestPagesOfZones(t *testing.T) {
	data := Data{AccessKeys: []AccessKey{{ID: "id", Secret: "key"}}}
	for i := range 25 {
		data.Zones = append(data.Zones, Zone{ID: fmt.Sprint(i), Name: "a.test", VPCs: []VPC{{ID: "vpc"}}})
	}
	data.Zones = append(data.Zones, Zone{ID: "x", Name: "b.a.test"}, Zone{ID: "y", Name: "A.test", Type: "CLOUD_PRODUCT_ZONE"})
	c := New(data)
	for sentence, test := range map[string]struct {
		p            parameters
		items, total int
	}{
		"the first page has 20":        {parameters{"Keyword": "a.test"}, 20, 26},
		"the second has the rest":      {parameters{"Keyword": "a.test", "PageNumber": "2"}, 6, 26},
		"there is no third":            {parameters{"Keyword": "a.test", "PageNumber": "3"}, 0, 26},
		"EXACT leaves out other names": {parameters{"Keyword": "A.Test", "SearchMode": "EXACT", "PageSize": "100"}, 25, 25},
		"zones of services":            {parameters{"Keyword": "a.test", "SearchMode": "EXACT", "ZoneType": "CLOUD_PRODUCT_ZONE"}, 1, 1},
		"zones of a VPC":               {parameters{"QueryVpcId": "other"}, 0, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, content := send(t, c, sign("2018-01-01", "DescribeZones", test.p))
			items := content["Zones"].(map[string]any)["Zone"].([]any)
			if len(items) != test.items || content["TotalItems"] != float64(test.total) {
				t.Errorf("got %d of %v, want %d of %d", len(items), content["TotalItems"], test.items, test.total)
			}
		})
	}
	for _, p := range []parameters{{"PageSize": "101"}, {"PageSize": "0"}, {"PageNumber": "0"}, {"PageNumber": "x"}} {
		if got := code(t, c, "DescribeZones", p); got == "" {
			t.Errorf("%v is taken", p)
		}
	}
}

func TestRecordsAreWritten(t *testing.T) {
	c := example()
	record := func(p parameters) parameters {
		all := parameters{"ZoneId": "zone", "RecordId": "1", "Rr": "@", "Type": "A", "Value": "10.0.0.2"}
		maps.Copy(all, p)
		return all
	}
	for _, test := range []struct {
		action string
		p      parameters
		want   string
	}{
		{"AddZoneRecord", record(parameters{"Type": "CNAME", "Value": "a.example"}), "Record.Invalid.Conflict"},
		{"AddZoneRecord", record(parameters{"Value": "10.0.0.1"}), "Record.Invalid.Conflict"},
		{"AddZoneRecord", record(parameters{"Ttl": "7"}), "InvalidTtl"},
		{"AddZoneRecord", record(parameters{"Value": "a.example"}), "InvalidValue"},
		{"AddZoneRecord", record(parameters{"Type": "NS"}), "InvalidType"},
		{"AddZoneRecord", record(parameters{"Weight": "101"}), "InvalidWeight"},
		{"AddZoneRecord", record(parameters{"Rr": ""}), "MissingRr"},
		{"AddZoneRecord", record(parameters{"ZoneId": "other"}), "Zone.NotExists"},
		{"UpdateZoneRecord", record(parameters{"RecordId": "99"}), "Record.NotExists"},
		{"SetZoneRecordStatus", parameters{"RecordId": "1", "Status": "OFF"}, "InvalidStatus"},
		{"SetZoneRecordStatus", parameters{"RecordId": "1", "Status": "DISABLE"}, ""},
		{"UpdateRecordRemark", parameters{"RecordId": "1", "Remark": "kept"}, ""},
		{"UpdateZoneRecord", record(parameters{"Type": "CNAME", "Value": "a.example", "Ttl": "5"}), ""},
		{"UpdateZoneRecord", record(nil), "Record.NotExists"}, // it has another id now
		{"AddZoneRecord", record(nil), "Record.Invalid.Conflict"},
		{"AddZoneRecord", record(parameters{"Rr": "www"}), ""},
		{"DeleteZoneRecord", parameters{}, "MissingRecordId"},
	} {
		if got := code(t, c, test.action, test.p); got != test.want {
			t.Errorf("%s %v: got %q, want %q", test.action, test.p, got, test.want)
		}
	}
	_, content := send(t, c, sign("2018-01-01", "DescribeZoneRecords", parameters{"ZoneId": "zone", "Keyword": "@"}))
	got := content["Records"].(map[string]any)["Record"].([]any)[0].(map[string]any)
	if got["Type"] != "CNAME" || got["Value"] != "a.example" || got["Remark"] != "kept" || got["Status"] != "DISABLE" || got["Ttl"] != 5.0 {
		t.Errorf("got %v", got)
	}
	id := fmt.Sprint(int64(got["RecordId"].(float64)))
	if got := code(t, c, "DeleteZoneRecord", parameters{"RecordId": id}); got != "" {
		t.Error(got)
	}
	if _, content := send(t, c, sign("2018-01-01", "DescribeZoneInfo", parameters{"ZoneId": "zone"})); content["RecordCount"] != 1.0 {
		t.Errorf("got %v", content)
	}
}

func TestInstances(t *testing.T) {
	c := example()
	for _, action := range []string{"ListInstanceEndpoint", "GetInstanceEndpoint", "GetInstanceVpcEndpoint", "GetAuthorizationToken"} {
		p := parameters{"InstanceId": "cri-1", "RegionId": "cn-hangzhou", "EndpointType": "internet"}
		if status, content := send(t, c, sign("2018-12-01", action, p)); status != 200 || content["IsSuccess"] != true {
			t.Errorf("%s: %d %v", action, status, content)
		}
		p["RegionId"] = "cn-beijing"
		if status, content := send(t, c, sign("2018-12-01", action, p)); status != 200 || content["IsSuccess"] != false {
			t.Errorf("%s elsewhere: %d %v", action, status, content)
		}
	}
}

func TestParseData(t *testing.T) {
	if _, err := ParseData([]byte("zone: []")); err == nil {
		t.Error("a misspelt key is taken")
	}
}
