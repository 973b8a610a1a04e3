package alibaba

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/pvtz"
)

// A ZoneType is a list of zones that the API keeps.
type ZoneType string

const (
	// AuthZone is made by the account's owner.
	AuthZone ZoneType = "AUTH_ZONE"
	// CloudProductZone is made by a service, such as ACR.
	CloudProductZone ZoneType = "CLOUD_PRODUCT_ZONE"
)

// A Zone is a PrivateZone zone with the records at its own name.
type Zone struct {
	ID string
	// Name is lowercase and without a final dot.
	Name string
	Type ZoneType
	// ByService tells that a service made the zone, such as ACR, or may have made it.
	ByService bool
	// VPCs is where the zone answers; there is none where it answers nowhere.
	VPCs []VPC
	// Records are those at the zone's own name that lead somewhere: enabled, of
	// the default line, of the types A, AAAA and CNAME, ordered by value.
	Records []Record
	// Ignored says in sentences what a resolver in the VPC may see otherwise
	// than Records tell.
	Ignored []string
}

// A VPC is where a zone answers.
type VPC struct{ ID, Region string }

// The service and its actions, as RAM policies write them.
const (
	privateZone         = "pvtz"
	describeZones       = "DescribeZones"
	describeZoneRecords = "DescribeZoneRecords"
)

// ReadZones returns all zones of the name, of both types, with their records,
// ordered by id: two of one name are told apart by their VPCs. That there is
// none is no error. An error is one sentence.
func (c *Client) ReadZones(ctx context.Context, name string) ([]Zone, error) {
	zones, err := c.readZones(ctx, strings.ToLower(strings.TrimSuffix(name, ".")))
	if err != nil {
		return nil, fmt.Errorf("could not read the zones of %s: %w", name, err)
	}
	return zones, nil
}

func (c *Client) readZones(ctx context.Context, name string) ([]Zone, error) {
	var zones []Zone
	known := map[string]bool{}
	for _, of := range []ZoneType{AuthZone, CloudProductZone} {
		listed, err := c.listZones(ctx, name, of)
		if err != nil {
			return nil, err
		}
		for _, z := range listed {
			if z.Name == "" {
				return nil, malformed(describeZones, fmt.Sprintf("the zone %q has no name", z.ID))
			}
			// The documents don't say that no zone is in both lists.
			if known[z.ID] || z.Name != name {
				continue
			}
			known[z.ID] = true
			if err := c.readRecords(ctx, &z); err != nil {
				return nil, fmt.Errorf("zone %s: %w", z.ID, err)
			}
			zones = append(zones, z)
		}
	}
	sortZones(zones)
	return zones, nil
}

// listZones lists zones whose names are, or contain, the name: the documents
// contradict each other about the SearchMode that is taken when none is given
// (https://help.aliyun.com/zh/dns/api-pvtz-2018-01-01-describezones says LIKE,
// https://help.aliyun.com/document_detail/66243.html says EXACT).
func (c *Client) listZones(ctx context.Context, name string, of ZoneType) ([]Zone, error) {
	return readAll(ctx, list{privateZone, describeZones}, func(z Zone) string { return z.ID }, func(ctx context.Context, number int) (page[Zone], error) {
		var p page[Zone]
		err := c.callPrivateZone(ctx, describeZones, func(client *pvtz.Client) error {
			request := pvtz.CreateDescribeZonesRequest()
			request.Keyword, request.SearchMode, request.ZoneType = name, "EXACT", string(of)
			request.PageNumber, request.PageSize = requests.NewInteger(number), requests.NewInteger(pageSize)
			response, err := client.DescribeZones(request)
			if err != nil {
				return err
			}
			p = page[Zone]{number: response.PageNumber, size: response.PageSize, total: response.TotalItems}
			for _, z := range response.Zones.Zone {
				p.items = append(p.items, newZone(z, of))
			}
			return nil
		})
		return p, err
	})
}

func newZone(z pvtz.Zone, of ZoneType) Zone {
	converted := Zone{ID: z.ZoneId, Name: strings.ToLower(strings.TrimSuffix(z.ZoneName, ".")), Type: of}
	converted.ByService = of == CloudProductZone || !byPerson(z.CreatorType, "USER") || !byPerson(z.CreatorSubType, "CUSTOMER", "CUSTOM", "SUB")
	for _, v := range z.Vpcs.Vpc {
		converted.VPCs = append(converted.VPCs, VPC{ID: v.VpcId, Region: v.RegionId})
	}
	return converted
}

// byPerson takes what isn't known for a service, and what is missing for a person. Of
// CreatorType only USER is documented, as DescribeZoneInfo's example. CreatorSubType is
// CUSTOMER for an account, SUB for a RAM user, STS for an assumed role, OTHER: so
// the comments of the SDK's successor say at DescribeZones. ACR assumes its
// service-linked role; a person may have assumed one, too.
func byPerson(creator string, persons ...string) bool {
	return creator == "" || slices.ContainsFunc(persons, func(p string) bool { return strings.EqualFold(p, creator) })
}

// privateZone calls the one address that the service has for all regions.
func (c *Client) callPrivateZone(ctx context.Context, action string, do func(*pvtz.Client) error) error {
	return c.try(ctx, call{
		service: privateZone, action: action, address: c.addresses.PrivateZone, region: c.region,
		do: func(client sdk.Client) error { return do(&pvtz.Client{Client: client}) },
	})
}
