package alibaba

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/pvtz"
)

// A Record is an A or AAAA record, which has an address, or a CNAME, which has a target.
type Record struct {
	// ID changes when the record is written anew.
	ID int64
	// Addr is the zero Addr for a CNAME.
	Addr netip.Addr
	// Target is lowercase and without a final dot; empty for an address.
	Target string
	TTL    time.Duration
	Remark string
}

// Type is A, AAAA or CNAME.
func (r Record) Type() string {
	switch {
	case r.Target != "":
		return "CNAME"
	case r.Addr.Is4():
		return "A"
	default:
		return "AAAA"
	}
}

// Value is the record's address, or its target.
func (r Record) Value() string {
	if r.Target != "" {
		return r.Target
	}
	return r.Addr.String()
}

// readRecords fills in a zone's records and what was ignored of them.
func (c *Client) readRecords(ctx context.Context, z *Zone) error {
	// SearchMode and Keyword are left out: whether a keyword is sought in values
	// too depends on the document, and a zone of a registry's name has few records.
	all, err := readAll(ctx, list{privateZone, describeZoneRecords}, func(r pvtz.Record) string { return strconv.FormatInt(r.RecordId, 10) },
		func(ctx context.Context, number int) (page[pvtz.Record], error) {
			var p page[pvtz.Record]
			err := c.callPrivateZone(ctx, describeZoneRecords, func(client *pvtz.Client) error {
				request := pvtz.CreateDescribeZoneRecordsRequest()
				request.ZoneId = z.ID
				request.PageNumber, request.PageSize = requests.NewInteger(number), requests.NewInteger(pageSize)
				response, err := client.DescribeZoneRecords(request)
				if err == nil {
					p = page[pvtz.Record]{number: response.PageNumber, size: response.PageSize, total: response.TotalItems, items: response.Records.Record}
				}
				return err
			})
			return p, err
		})
	if err != nil {
		return err
	}
	return z.take(all)
}

// take keeps what leads somewhere of a zone's records.
func (z *Zone) take(all []pvtz.Record) error {
	weighted := false
	for _, r := range all {
		// What isn't there, or null, is empty here: it could have been a record that leads somewhere.
		if r.RecordId == 0 || r.Rr == "" || r.Type == "" {
			return malformed(describeZoneRecords, "a record lacks its id, name or type")
		}
		if r.Rr != "@" || r.Status == "DISABLE" {
			continue
		}
		if r.Type != "A" && r.Type != "AAAA" && r.Type != "CNAME" {
			continue
		}
		// A record of another line answers some clients only, and nothing here tells which.
		if r.Line != "" && r.Line != "default" {
			z.Ignored = append(z.Ignored, clean(fmt.Sprintf("%s %s answers the line %q only", r.Type, r.Value, r.Line), "", Session{}))
			continue
		}
		converted, err := newRecord(r)
		if err != nil {
			return err
		}
		weighted = weighted || r.Weight > 1
		z.Records = append(z.Records, converted)
	}
	if weighted && len(z.Records) > 1 {
		z.Ignored = append(z.Ignored, "the records' weights: all addresses count alike")
	}
	slices.SortFunc(z.Records, func(a, b Record) int { return strings.Compare(a.Value(), b.Value()) })
	slices.Sort(z.Ignored)
	if len(z.Records) > 1 && slices.ContainsFunc(z.Records, func(r Record) bool { return r.Target != "" }) {
		return malformed(describeZoneRecords, "the name has a CNAME beside other records")
	}
	return nil
}

// maxName is the longest name of the DNS.
const maxName = 253

// newRecord reads a record's value. One that isn't what its type says makes the
// whole reading fail: without it, the answer would be a part of one.
func newRecord(r pvtz.Record) (Record, error) {
	converted := Record{ID: r.RecordId, TTL: time.Duration(r.Ttl) * time.Second, Remark: r.Remark}
	if r.Type == "CNAME" {
		converted.Target = strings.ToLower(strings.TrimSuffix(r.Value, "."))
		if converted.Target == "" || len(converted.Target) > maxName {
			return Record{}, unreadable(r)
		}
		return converted, nil
	}
	addr, err := netip.ParseAddr(r.Value)
	if err != nil || addr.Is4() != (r.Type == "A") {
		return Record{}, unreadable(r)
	}
	converted.Addr = addr
	return converted, nil
}

func unreadable(r pvtz.Record) error {
	return malformed(describeZoneRecords, clean(fmt.Sprintf("the %s record has the value %q", r.Type, r.Value), "", Session{}))
}

// sortZones makes two readings of the same compare equal.
func sortZones(zones []Zone) {
	slices.SortFunc(zones, func(a, b Zone) int { return strings.Compare(a.ID, b.ID) })
	for i := range zones {
		slices.SortFunc(zones[i].VPCs, func(a, b VPC) int {
			return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Region, b.Region))
		})
	}
}
