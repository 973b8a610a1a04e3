package writeback

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

func (c *caller) want(values ...string) {
	c.t.Helper()
	if diff := cmp.Diff(values, c.values()); diff != "" {
		c.t.Errorf("records (-want +got)\n%s", diff)
	}
}

func TestARecordFollowsTheSwitchAndReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.start()
		defer c.end()
		time.Sleep(time.Minute)
		if w.calls.Load() > 0 {
			t.Error("something was written for privatezone")
		}
		c.turn("a")
		time.Sleep(look + settle + 2*look)
		w.want("A 10.1.0.10 30rf1-0a1b2c3d-10.2.0.10")
		if s := c.status(); s.Target != "a/internal" || s.Owner != me || s.Original != "10.2.0.10" || s.Error != "" {
			t.Errorf("%+v", s)
		}
		c.turn("a/public")
		time.Sleep(2 * look) // the mark has stood long enough
		w.want("CNAME a-registry.cn-hangzhou.cr.aliyuncs.com 30rf1-0a1b2c3d-10.2.0.10")
		c.turn("privatezone")
		time.Sleep(2 * look)
		w.want("A 10.2.0.10 30")
		calls := w.calls.Load()
		time.Sleep(time.Hour)
		if s := c.status(); w.calls.Load() != calls || s.Owner != "" {
			t.Errorf("%d calls more, status %+v", w.calls.Load()-calls, s)
		}
		synctest.Wait()
		if n := strings.Count(c.logs.String(), warning[:40]); n != 1 {
			t.Errorf("the warning is there %d times in\n%s", n, c.logs)
		}
	})
}

// TestOthersAreToldOfTheOriginal: what a return leads to, while the record is the failover's.
func TestOthersAreToldOfTheOriginal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		told := func() string {
			original, written, known := c.writer.Original(endpointName)
			return fmt.Sprintf("%s, written: %t, known: %t", show(original), written, known)
		}
		c.start()
		defer c.end()
		if got := told(); got != "an original that can't be read, written: false, known: false" {
			t.Errorf("before it has read anything: %s", got)
		}
		time.Sleep(time.Minute)
		if got := told(); got != "an original that can't be read, written: false, known: true" {
			t.Errorf("while nothing is written: %s", got)
		}
		c.turn("a")
		time.Sleep(look + settle + 2*look)
		if got := told(); got != "10.2.0.10, written: true, known: true" {
			t.Errorf("in a failover: %s", got)
		}
		c.turn("privatezone")
		time.Sleep(2 * look)
		if got := told(); got != "an original that can't be read, written: false, known: true" {
			t.Errorf("after it: %s", got)
		}
		c.configure(strings.Replace(configuration, "name: cross-region", "name: another-region", 1))
		time.Sleep(2 * look)
		if got := told(); got != "an original that can't be read, written: false, known: false" {
			t.Errorf("when it isn't configured any more: %s", got)
		}
	})
}

func TestAShareOfTheNodesMovesNoRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.turn("to: a\nfrom: privatezone\nshare: 100")
		c.start()
		defer c.end()
		time.Sleep(10 * time.Minute)
		w.want("A 10.2.0.10 30")
	})
}

func TestADryRunShowsTheCallsAndMakesNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.config.PrivateZone.DryRun = true
		c.start()
		defer c.end()
		time.Sleep(time.Minute)
		if w.calls.Load() > 0 {
			t.Error("something was written")
		}
		want := map[string][]string{
			"privatezone": {},
			"a/internal":  {`pvtz:UpdateRecordRemark RecordId=1001 Remark="rf1-0a1b2c3d-10.2.0.10"`, "pvtz:UpdateZoneRecord RecordId=1001 Rr=@ Type=A Value=10.1.0.10 Ttl=30"},
			"b/internal":  {},
		}
		if diff := cmp.Diff(want, c.status().DryRun); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAnAddressIsFollowedWhenItIsLearnt: the state is published by another part, at its own time.
func TestAnAddressIsFollowedWhenItIsLearnt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.start()
		defer c.end()
		c.configure(strings.NewReplacer("internalAddresses: [10.1.0.10]", "vpcID: vpc-a", "writeBack: true", "writeBack: true, dryRun: true, source: API").Replace(configuration))
		time.Sleep(2 * look)
		c.publish(map[string]any{"version": 1, "lastSwitch": "privatezone", "zones": map[string]any{"vpc-a": map[string]any{"addresses": []string{"10.1.0.77"}}}})
		time.Sleep(look + time.Second)
		if calls := c.status().DryRun["a/internal"]; len(calls) != 2 || !strings.Contains(calls[1], "Value=10.1.0.77") {
			t.Errorf("%q", calls)
		}
	})
}

func TestAServicesZoneIsRefusedUnlessForced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.config.Cluster.VPCID = "vpc-s"
		c.turn("a")
		c.start()
		defer c.end()
		time.Sleep(time.Hour)
		if s := c.status(); w.calls.Load() > 0 || !strings.Contains(s.Error, "privateZone.force") {
			t.Errorf("%d calls, status %+v", w.calls.Load(), s)
		}
		c.configure(strings.NewReplacer("vpc-b}", "vpc-s}", "writeBack: true", "writeBack: true, force: true").Replace(configuration))
		time.Sleep(look + settle + look) // from the next look on
		if got := w.Records("service")[0].Value; got != "10.1.0.10" {
			t.Error(got)
		}
	})
}

func TestARefusingCloudIsReportedOnceAndTriedMoreAndMoreSeldom(t *testing.T) {
	for sentence, fault := range map[string]cloud.Fault{
		"dark":                   {Code: "ServiceUnavailable", Status: 503},
		"throttling":             {Code: "Throttling.User"},
		"throttling its changes": {Action: "UpdateRecordRemark", Code: "Throttling.User"},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newCloud(t, "10.2.0.10")
				c := newCluster(t, w, me)
				c.turn("a")
				w.Inject(fault)
				c.start()
				defer c.end()
				time.Sleep(time.Hour)
				if n := len(w.Calls()); n < 30 || n > 5*80 { // 5 to read both zones and change one
					t.Errorf("%d calls in an hour", n)
				}
				synctest.Wait()
				if n := strings.Count(c.logs.String(), "isn't what the switch says"); n != 1 {
					t.Errorf("told %d times:\n%s", n, c.logs)
				}
				w.Heal()
				time.Sleep(lastRetry + 2*settle + 2*look)
				w.want("A 10.1.0.10 30rf1-0a1b2c3d-10.2.0.10")
			})
		})
	}
}

func TestAnEndpointThatIsTakenOutIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.turn("a")
		c.start()
		defer c.end()
		time.Sleep(2 * time.Minute)
		c.configure(strings.Replace(configuration, "name: cross-region", "name: another-region", 1))
		time.Sleep(2 * look)
		synctest.Wait()
		if !strings.Contains(c.logs.String(), "original=10.2.0.10 remark=rf1-0a1b2c3d-10.2.0.10") {
			t.Errorf("the log is %s", c.logs)
		}
		w.want("A 10.1.0.10 30rf1-0a1b2c3d-10.2.0.10")
	})
}

func TestACloudThatDropsRemarksKeepsTheOriginal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.turn("a")
		c.start()
		defer c.end()
		time.Sleep(time.Minute)
		w.EditRecords("zone", func(r []cloud.Record) []cloud.Record { r[0].Remark = ""; return r })
		time.Sleep(2 * watchful)
		w.want("A 10.1.0.10 30rf1-0a1b2c3d-10.2.0.10")
	})
}

func TestAnOldReadingIsNotActedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		w.before = func(alibaba.Change) error { time.Sleep(writeWithin + time.Second); return nil } // waits for its turn
		c := newCluster(t, w, me)
		c.turn("a")
		c.start()
		defer c.end()
		time.Sleep(10 * time.Minute)
		w.want("A 10.2.0.10 30")
	})
}

func TestTwoClustersDoNotOverwriteEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		one, two := newCluster(t, w, me), newCluster(t, w, other)
		one.start()
		two.start()
		defer one.end()
		defer two.end()
		one.turn("a")
		time.Sleep(time.Minute)
		two.turn("a/public")
		time.Sleep(10 * time.Minute)
		w.want("A 10.1.0.10 30rf1-0a1b2c3d-10.2.0.10")
		if s := two.status(); !strings.Contains(s.Error, "the cluster 0a1b2c3d has written") {
			t.Errorf("%+v", s)
		}
		one.turn("privatezone")
		time.Sleep(10 * time.Minute)
		w.want("CNAME a-registry.cn-hangzhou.cr.aliyuncs.com 30rf1-ffffffff-10.2.0.10")
		two.turn("privatezone")
		time.Sleep(10 * time.Minute)
		w.want("A 10.2.0.10 30")
	})
}
