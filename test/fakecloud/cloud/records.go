package cloud

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
)

// The values that a record may have:
// https://help.aliyun.com/zh/dns/api-pvtz-2018-01-01-updatezonerecord
var (
	ttls  = []int{5, 30, 60, 3600, 43200, 86400}
	types = []string{"A", "AAAA", "CNAME", "TXT", "MX", "PTR", "SRV"}
)

// remark is what the error Zone.Remark allows.
var remark = regexp.MustCompile(`^[0-9A-Za-z\p{Han}_,.，。-]{0,50}$`)

func (c *Cloud) addZoneRecord(p parameters) (answer, *refusal) {
	z, r := c.zone(p)
	if r != nil {
		return nil, r
	}
	record := Record{ID: c.next(), Status: "ENABLE", Line: "default", TTL: 60, Weight: 1, Remark: p["Remark"]}
	if r := write(&record, p); r != nil {
		return nil, r
	}
	if conflicts(z.Records, record) {
		return nil, recordConflict
	}
	z.Records = append(z.Records, record)
	return answer{"Success": true, "RecordId": record.ID}, nil
}

// updateZoneRecord gives the record another id, which the real cloud may do:
// ids aren't promised to be stable. [Cloud.KeepIDs] keeps them.
func (c *Cloud) updateZoneRecord(p parameters) (answer, *refusal) {
	z, i, r := c.record(p)
	if r != nil {
		return nil, r
	}
	record := z.Records[i]
	if r := write(&record, p); r != nil {
		return nil, r
	}
	if conflicts(slices.Delete(slices.Clone(z.Records), i, i+1), record) {
		return nil, recordConflict
	}
	if !c.keepIDs {
		record.ID = c.next()
	}
	z.Records[i] = record
	return answer{"RecordId": record.ID}, nil
}

// updateRecordRemark: https://help.aliyun.com/zh/dns/api-pvtz-2018-01-01-updaterecordremark
func (c *Cloud) updateRecordRemark(p parameters) (answer, *refusal) {
	z, i, r := c.record(p)
	if r != nil {
		return nil, r
	}
	if !remark.MatchString(p["Remark"]) {
		return nil, remarkInvalid
	}
	z.Records[i].Remark = p["Remark"]
	return answer{"RecordId": z.Records[i].ID}, nil
}

// setZoneRecordStatus: https://www.alibabacloud.com/help/en/dns/api-pvtz-2018-01-01-setzonerecordstatus
func (c *Cloud) setZoneRecordStatus(p parameters) (answer, *refusal) {
	z, i, r := c.record(p)
	if r != nil {
		return nil, r
	}
	if p["Status"] != "ENABLE" && p["Status"] != "DISABLE" {
		return nil, invalid("Status")
	}
	z.Records[i].Status = p["Status"]
	return answer{"RecordId": z.Records[i].ID, "Status": p["Status"]}, nil
}

func (c *Cloud) deleteZoneRecord(p parameters) (answer, *refusal) {
	z, i, r := c.record(p)
	if r != nil {
		return nil, r
	}
	id := z.Records[i].ID
	z.Records = slices.Delete(z.Records, i, i+1)
	return answer{"RecordId": id}, nil
}

func (c *Cloud) record(p parameters) (*Zone, int, *refusal) {
	if p["RecordId"] == "" {
		return nil, 0, missing("RecordId")
	}
	for i := range c.data.Zones {
		z := &c.data.Zones[i]
		for j, record := range z.Records {
			if strconv.FormatInt(record.ID, 10) == p["RecordId"] {
				return z, j, nil
			}
		}
	}
	return nil, 0, recordNotExists
}

// write sets what a request says of a record, and keeps the rest.
func write(record *Record, p parameters) *refusal {
	for _, name := range []string{"Rr", "Type", "Value"} {
		if p[name] == "" {
			return missing(name)
		}
	}
	record.RR, record.Type, record.Value = p["Rr"], p["Type"], p["Value"]
	if !slices.Contains(types, record.Type) {
		return invalid("Type")
	}
	if record.Type == "A" || record.Type == "AAAA" {
		addr, err := netip.ParseAddr(record.Value)
		if err != nil || addr.Is4() != (record.Type == "A") {
			return invalid("Value")
		}
	}
	record.Line = cmp.Or(p["Line"], record.Line)
	for _, f := range []struct {
		name  string
		value *int
		valid func(int) bool
	}{
		{"Ttl", &record.TTL, func(n int) bool { return slices.Contains(ttls, n) }},
		{"Weight", &record.Weight, func(n int) bool { return n >= 1 && n <= 100 }},
		{"Priority", &record.Priority, func(n int) bool { return n >= 1 && n <= 99 }},
	} {
		if p[f.name] == "" {
			continue
		}
		n, err := strconv.Atoi(p[f.name])
		if err != nil || !f.valid(n) {
			return invalid(f.name)
		}
		*f.value = n
	}
	return nil
}

// conflicts tells whether a record may not stand beside others: a CNAME excludes
// every other record of its name, and nothing is there twice.
func conflicts(others []Record, record Record) bool {
	return slices.ContainsFunc(others, func(o Record) bool {
		if o.RR != record.RR || o.Line != record.Line {
			return false
		}
		return o.Type == "CNAME" || record.Type == "CNAME" || o.Type == record.Type && o.Value == record.Value
	})
}
