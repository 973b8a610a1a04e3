package alibaba

import (
	"context"
	"fmt"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/pvtz"
)

// An Action changes a record.
type Action string

// The actions, as the API and RAM policies write them. An update in place keeps
// line, weight and status.
const (
	AddZoneRecord      Action = "AddZoneRecord"
	UpdateZoneRecord   Action = "UpdateZoneRecord"
	UpdateRecordRemark Action = "UpdateRecordRemark"
	DeleteZoneRecord   Action = "DeleteZoneRecord"
)

// A Change is one call that changes a record at a zone's own name.
type Change struct {
	Action Action
	// ZoneID is where AddZoneRecord adds; RecordID is what the others change.
	ZoneID   string
	RecordID int64
	// Record is what AddZoneRecord and UpdateZoneRecord write of a Type, a value
	// and a TTL, and UpdateRecordRemark of a Remark.
	Record Record
}

// String is the call with all of its own parameters.
func (c Change) String() string {
	text := privateZone + ":" + string(c.Action)
	if c.Action == AddZoneRecord {
		text += " ZoneId=" + c.ZoneID
	} else {
		text += fmt.Sprintf(" RecordId=%d", c.RecordID)
	}
	switch c.Action {
	case AddZoneRecord, UpdateZoneRecord:
		text += fmt.Sprintf(" Rr=@ Type=%s Value=%s Ttl=%d", c.Record.Type(), c.Record.Value(), int(c.Record.TTL/time.Second))
	case UpdateRecordRemark:
		text += fmt.Sprintf(" Remark=%q", c.Record.Remark)
	}
	return text
}

// Change makes the call, once: whoever gets an error can't know whether the cloud
// has carried it out, and must read the records before the next call. An error is
// one sentence.
func (c *Client) Change(ctx context.Context, change Change) error {
	session, err := c.session(ctx)
	if err != nil {
		return err
	}
	return c.once(ctx, call{
		service: privateZone, action: string(change.Action), address: c.addresses.PrivateZone, region: c.region,
		do: func(client sdk.Client) error { return change.do(&pvtz.Client{Client: client}) },
	}, session)
}

func (c Change) do(client *pvtz.Client) (err error) {
	id, ttl := requests.NewInteger64(c.RecordID), requests.NewInteger(int(c.Record.TTL/time.Second))
	switch c.Action {
	case AddZoneRecord:
		request := pvtz.CreateAddZoneRecordRequest()
		request.ZoneId, request.Rr, request.Type, request.Value, request.Ttl = c.ZoneID, "@", c.Record.Type(), c.Record.Value(), ttl
		_, err = client.AddZoneRecord(request)
	case UpdateZoneRecord:
		request := pvtz.CreateUpdateZoneRecordRequest()
		request.RecordId, request.Rr, request.Type, request.Value, request.Ttl = id, "@", c.Record.Type(), c.Record.Value(), ttl
		_, err = client.UpdateZoneRecord(request)
	case UpdateRecordRemark:
		request := pvtz.CreateUpdateRecordRemarkRequest()
		request.RecordId, request.Remark = id, c.Record.Remark
		_, err = client.UpdateRecordRemark(request)
	case DeleteZoneRecord:
		request := pvtz.CreateDeleteZoneRecordRequest()
		request.RecordId = id
		_, err = client.DeleteZoneRecord(request)
	default:
		err = fmt.Errorf("%q is no action that changes a record", c.Action)
	}
	return err
}
