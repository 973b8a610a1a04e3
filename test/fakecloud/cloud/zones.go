package cloud

import (
	"slices"
	"strconv"
	"strings"
)

// describeZones lists zones of one type. Where SearchMode isn't given, the
// documents contradict each other: this one takes LIKE, which shows a caller
// that relies on EXACT.
//
// Source: https://help.aliyun.com/zh/dns/api-pvtz-2018-01-01-describezones
func (c *Cloud) describeZones(p parameters) (answer, *refusal) {
	var found []answer
	of := p["ZoneType"]
	if of == "" {
		of = "AUTH_ZONE"
	}
	keyword := strings.ToLower(p["Keyword"])
	for _, z := range c.data.Zones {
		name := strings.ToLower(z.Name)
		matches := strings.Contains(name, keyword)
		if p["SearchMode"] == "EXACT" && keyword != "" {
			matches = name == keyword
		}
		inVPC := p["QueryVpcId"] == "" || slices.ContainsFunc(z.VPCs, func(v VPC) bool { return v.ID == p["QueryVpcId"] })
		if z.Type != of || !matches || !inVPC {
			continue
		}
		found = append(found, describe(z))
	}
	return paged(p, "Zones", "Zone", found)
}

// describe has the fields of the SDK's pvtz.Zone that have a meaning here.
func describe(z Zone) answer {
	vpcs := []answer{}
	for _, v := range z.VPCs {
		vpcs = append(vpcs, answer{"VpcId": v.ID, "RegionId": v.Region, "VpcName": v.ID})
	}
	return answer{
		"ZoneId": z.ID, "ZoneName": z.Name, "ZoneType": z.Type, "ProxyPattern": "ZONE", "RecordCount": len(z.Records),
		"IsPtr": false, "Vpcs": answer{"Vpc": vpcs},
	}
}

// describeZoneInfo: https://www.alibabacloud.com/help/en/dns/api-pvtz-2018-01-01-describezoneinfo
func (c *Cloud) describeZoneInfo(p parameters) (answer, *refusal) {
	z, r := c.zone(p)
	if r != nil {
		return nil, r
	}
	content := describe(*z)
	content["BindVpcs"] = content["Vpcs"]
	delete(content, "Vpcs")
	return content, nil
}

// describeZoneRecords: https://help.aliyun.com/zh/dns/api-pvtz-2018-01-01-describezonerecords,
// where SearchMode is EXACT unless it is given. The order is not documented.
func (c *Cloud) describeZoneRecords(p parameters) (answer, *refusal) {
	z, r := c.zone(p)
	if r != nil {
		return nil, r
	}
	var found []answer
	for _, record := range z.Records {
		matches := p["Keyword"] == "" || strings.EqualFold(record.RR, p["Keyword"])
		if p["SearchMode"] == "LIKE" {
			matches = strings.Contains(strings.ToLower(record.RR), strings.ToLower(p["Keyword"]))
		}
		if matches {
			found = append(found, answer{
				"RecordId": record.ID, "Rr": record.RR, "Type": record.Type, "Value": record.Value, "Ttl": record.TTL, "Status": record.Status,
				"Line": record.Line, "Weight": record.Weight, "Remark": record.Remark, "Priority": record.Priority, "ZoneId": z.ID,
			})
		}
	}
	return paged(p, "Records", "Record", found)
}

func (c *Cloud) zone(p parameters) (*Zone, *refusal) {
	if p["ZoneId"] == "" {
		return nil, missing("ZoneId")
	}
	for i := range c.data.Zones {
		if c.data.Zones[i].ID == p["ZoneId"] {
			return &c.data.Zones[i], nil
		}
	}
	return nil, zoneNotExists
}

// paged answers with one page: pages count from 1 and hold at most 100 items,
// 20 where PageSize isn't given. What a larger one does is not documented.
func paged(p parameters, outer, inner string, items []answer) (answer, *refusal) {
	number, size := 1, 20
	for _, f := range []struct {
		name  string
		value *int
		most  int
	}{{"PageNumber", &number, 1 << 30}, {"PageSize", &size, 100}} {
		if p[f.name] == "" {
			continue
		}
		n, err := strconv.Atoi(p[f.name])
		if err != nil || n < 1 || n > f.most {
			return nil, invalid(f.name)
		}
		*f.value = n
	}
	return answer{
		"PageNumber": number, "PageSize": size, "TotalItems": len(items), "TotalPages": (len(items) + size - 1) / size,
		outer: answer{inner: part(items, number, size)},
	}, nil
}
