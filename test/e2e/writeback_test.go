package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/writeback"
	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
	"github.com/registry-failover/registry-failover/test/standin"
)

// clustersZone is the one that is bound to the cluster's VPC.
const clustersZone = "zone-zhangjiakou"

// awaitWriteBack waits until the status of writing back is as it should be.
func awaitWriteBack(t *testing.T, what string, is func(writeback.Status) bool) {
	t.Helper()
	await(t, what, time.Minute, func(ctx context.Context) error {
		data, err := node.Kubectl(ctx, "-n", namespace, "get", "configmap", "registry-failover-status", "-o", "jsonpath={.data."+strings.ReplaceAll(cluster.Endpoint, ".", `\.`)+"}")
		if err != nil {
			return err
		}
		var status struct{ WriteBack writeback.Status }
		if err := json.Unmarshal([]byte(data), &status); err != nil {
			return err
		}
		if !is(status.WriteBack) {
			return fmt.Errorf("it is %s", data)
		}
		return nil
	})
}

// tellsADryRun compares the calls in the status with those of the manual procedure.
func tellsADryRun(t *testing.T, fake *cloud.Cloud) {
	t.Helper()
	id := fake.Records(clustersZone)[0].ID
	want := map[string][]string{
		"privatezone": {},
		"hangzhou/internal": {
			fmt.Sprintf(`pvtz:UpdateRecordRemark RecordId=%d Remark="MARK-10.2.0.10"`, id),
			fmt.Sprintf("pvtz:UpdateZoneRecord RecordId=%d Rr=@ Type=A Value=10.1.0.10 Ttl=60", id),
		},
		"zhangjiakou/internal": {},
	}
	mark := regexp.MustCompile("rf1-[0-9a-f]{8}")
	awaitWriteBack(t, "the calls of a dry run are told", func(s writeback.Status) bool {
		for _, calls := range s.DryRun {
			for i := range calls {
				calls[i] = mark.ReplaceAllString(calls[i], "MARK")
			}
		}
		return cmp.Equal(want, s.DryRun)
	})
	if calls := changes(fake); len(calls) > 0 {
		t.Errorf("a dry run has changed something: %v", calls)
	}
}

// changes are the calls that have changed records.
func changes(fake *cloud.Cloud) []cloud.Call {
	return slices.DeleteFunc(fake.Calls(), func(c cloud.Call) bool {
		return c.Code != "" || !slices.Contains([]string{"AddZoneRecord", "UpdateZoneRecord", "DeleteZoneRecord", "UpdateRecordRemark"}, c.Action)
	})
}

// writesBack has the record follow the switch. It ends in a failover.
func writesBack(t *testing.T, fake *cloud.Cloud) {
	t.Helper()
	throw(t, "privatezone")
	fake.Heal()
	data := cloudData(t)
	fake.SetData(data)
	remarked := func(remark string) {
		fake.EditRecords(clustersZone, func(r []cloud.Record) []cloud.Record { r[0].TTL, r[0].Remark = 30, remark; return r })
	}
	remarked("rf1-ffffffff-10.2.0.10")
	followRecord(t, fake)
	config := kubectl(t, "-n", namespace, "get", "configmap", "registry-failover-config", "-o", `jsonpath={.data.config\.yaml}`)
	patch, err := json.Marshal(map[string]any{"data": map[string]string{"config.yaml": strings.Replace(config, "dryRun: true", "dryRun: false", 1)}})
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", namespace, "patch", "configmap", "registry-failover-config", "--type", "merge", "-p", string(patch))
	kubectl(t, "-n", namespace, "rollout", "restart", "deployment/registry-failover-controller")
	kubectl(t, "-n", namespace, "rollout", "status", "deployment/registry-failover-controller", "--timeout", "2m")

	awaitHosts(t, node.Zhangjiakou.Internal.String()) // it has read the records as they are now

	server := kubectl(t, "-n", namespace, "get", "service", "registry-failover-resolver-dns", "-o", "jsonpath={.spec.clusterIP}") + ":53"
	fake.Inject(cloud.Fault{Drop: true})
	dark, _ := throwAndWatch(t, server, node.Hangzhou).await(t)
	fake.Heal()
	awaitWriteBack(t, "another cluster's mark is told", func(s writeback.Status) bool {
		return strings.Contains(s.Error, "the cluster ffffffff has written the record")
	})
	if calls := changes(fake); len(calls) > 0 {
		t.Errorf("another cluster's record was changed: %v", calls)
	}

	remarked("by-hand")
	throwAndWatch(t, server, node.Zhangjiakou).await(t)
	begun := time.Now()
	lit, _ := throwAndWatch(t, server, node.Hangzhou).await(t)
	t.Logf("a switch is answered after %v while the API drops all calls, and after %v while the record is to be written", dark, lit)
	if max(dark, lit) > 2*time.Second {
		t.Error("the cloud, or the record, delays the switch")
	}
	if r := fake.Records(clustersZone)[0]; r.Value != node.Zhangjiakou.Internal.String() {
		t.Errorf("the switch was answered after the record was written: %+v", r)
	}
	await(t, "the record leads to the standby", time.Minute, func(context.Context) error {
		r := fake.Records(clustersZone)[0]
		if r.Value != node.Hangzhou.Internal.String() || r.TTL != 30 || !regexp.MustCompile(`^rf1-[0-9a-f]{8}-10\.2\.0\.10,_by-hand$`).MatchString(r.Remark) {
			return fmt.Errorf("it is %+v", r)
		}
		return nil
	})
	t.Logf("the record follows after %.1f s", time.Since(begun).Seconds())
	awaitVPCDNS(t, node.Hangzhou.Internal)
}

// uninstallsAfterFailback doesn't wait between the two: the uninstallation does. The
// cloud can't be read until the hook has told so, which else is over too soon to be seen.
func (s *scenario) uninstallsAfterFailback(t *testing.T, fake *cloud.Cloud) {
	t.Helper()
	fake.Inject(cloud.Fault{Action: "DescribeZoneRecords", Drop: true})
	throw(t, "privatezone")
	begun, ended := time.Now(), make(chan error, 1)
	go func() {
		_, err := s.runUninstall(t)
		ended <- err
	}()
	await(t, "the uninstallation tells what it waits for", time.Minute, func(ctx context.Context) error {
		said, err := node.Kubectl(ctx, "-n", namespace, "logs", "job/registry-failover-uninstall")
		if err == nil && !strings.Contains(said, "The controller restores PrivateZone's record: "+cluster.Endpoint+" led to 10.2.0.10") {
			err = fmt.Errorf("it says %q", said)
		}
		return err
	})
	fake.Heal()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f s from the failback to the end of the uninstallation", time.Since(begun).Seconds())
	r := fake.Records(clustersZone)
	if len(r) != 1 || r[0].Type != "A" || r[0].Value != "10.2.0.10" || r[0].TTL != 30 || r[0].Remark != "by-hand" {
		t.Errorf("after the uninstallation the record is %+v", r)
	}
	awaitVPCDNS(t, node.Zhangjiakou.Internal)
}

// followRecord lets the VPC's DNS answer what the cloud's API holds.
func followRecord(t *testing.T, fake *cloud.Cloud) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = poll(ctx, func() bool {
			if addr, err := netip.ParseAddr(fake.Records(clustersZone)[0].Value); err == nil {
				node.PrivateZone.Set(cluster.Endpoint, addr)
			}
			return false
		})
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		node.PrivateZone.Set(cluster.Endpoint, node.Zhangjiakou.Internal)
	})
}

func awaitVPCDNS(t *testing.T, addr netip.Addr) {
	t.Helper()
	await(t, "the VPC's DNS answers "+addr.String(), 10*time.Second, func(ctx context.Context) error {
		addrs, err := standin.Lookup(ctx, node.PrivateZone.Addr(), cluster.Endpoint)
		if err == nil && (len(addrs) != 1 || addrs[0] != addr) {
			err = fmt.Errorf("it answers %v", addrs)
		}
		return err
	})
}
