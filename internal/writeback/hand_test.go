package writeback

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// remark lets a person write a Remark, and point a person change where the record leads.
func (c *caller) remark(text string) {
	c.EditRecords("zone", func(r []cloud.Record) []cloud.Record { r[0].Remark = text; return r })
}

func (c *caller) point(value string) {
	c.EditRecords("zone", func(r []cloud.Record) []cloud.Record { r[0].Type, r[0].Value = "A", value; return r })
}

func TestAnEditByHandWhileWeAreAboutToWriteIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.start()
		defer c.end()
		time.Sleep(time.Minute)
		c.turn("a")
		time.Sleep(2 * look) // the mark stands, and is waited for
		w.want("A 10.2.0.10 30rf1-0a1b2c3d-10.2.0.10")
		w.point("10.7.7.7")
		time.Sleep(time.Hour)
		w.want("A 10.7.7.7 30rf1-0a1b2c3d-10.2.0.10")
		if s := c.status(); !strings.Contains(s.Error, "somebody has written A 10.7.7.7") {
			t.Errorf("%+v", s)
		}
	})
}

// TestAFailoverByHandStays was taken back once, where the answer to the last call of a failback had been lost.
func TestAFailoverByHandStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.turn("a")
		c.start()
		defer c.end()
		time.Sleep(2 * time.Minute)
		w.Inject(cloud.Fault{Action: "UpdateRecordRemark", Times: 1, Drop: true})
		c.turn("privatezone")
		time.Sleep(2 * time.Minute)
		if s := c.status(); s.Owner != "" || s.Error != "" {
			t.Errorf("%+v", s)
		}
		w.want("A 10.2.0.10 30")
		w.point("10.1.0.10")
		time.Sleep(time.Hour)
		w.want("A 10.1.0.10 30")
	})
}

func TestAZoneMadeAnewHasNoMarkToRestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.turn("a")
		c.start()
		defer c.end()
		time.Sleep(2 * time.Minute)
		data := w.data
		data.Zones = data.Zones[1:] // it vanishes
		w.SetData(data)
		time.Sleep(10 * time.Minute)
		if s := c.status(); !strings.Contains(s.Error, "not exactly one zone") {
			t.Errorf("%+v", s)
		}
		c.turn("privatezone")
		data.Zones = append(data.Zones, cloud.Zone{ID: "anew", Name: endpointName, VPCs: []cloud.VPC{{ID: "vpc-b"}}, Records: []cloud.Record{{RR: "@", Type: "A", Value: "10.1.0.10"}}})
		w.SetData(data)
		time.Sleep(time.Hour)
		if r := w.Records("anew")[0]; r.Value != "10.1.0.10" || r.Remark != "" {
			t.Errorf("%+v", r)
		}
	})
}

func TestAnAddressThatChangesInAFailoverIsNoEditByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.turn("a")
		c.start()
		defer c.end()
		time.Sleep(2 * time.Minute)
		w.want("A 10.1.0.10 30rf1-0a1b2c3d-10.2.0.10")
		c.configure(strings.Replace(configuration, "10.1.0.10", "10.1.0.11", 1))
		time.Sleep(2 * time.Minute)
		w.want("A 10.1.0.11 30rf1-0a1b2c3d-10.2.0.10")
	})
}

func TestARemarkReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		w.remark("of-ACR.2026")
		c := newCluster(t, w, me)
		c.turn("a")
		c.start()
		defer c.end()
		time.Sleep(2 * time.Minute)
		w.want("A 10.1.0.10 30rf1-0a1b2c3d-10.2.0.10,_of-ACR.2026")
		c.turn("privatezone")
		time.Sleep(2 * time.Minute)
		w.want("A 10.2.0.10 30of-ACR.2026")
	})
}
