package automatic

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/cloudreader"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// toldOfZone is what the status has of PrivateZone.
func (w *world) toldOfZone(endpoint string) (s cloudreader.Status) {
	w.t.Helper()
	stands := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(w.api.value(inputs.StatusName, endpoint)), &stands); err != nil {
		w.t.Fatal(err)
	}
	if text, there := stands[cloudreader.Part]; there {
		if err := json.Unmarshal(text, &s); err != nil {
			w.t.Fatal(err)
		}
	}
	return s
}

// manual is the mode that most clusters are in.
func manual(w *world) { w.config.Failover.Mode = config.Manual }

// TestWherePrivateZoneLeadsIsPublished in manual mode, where the node's DNS is all that tells.
func TestWherePrivateZoneLeadsIsPublished(t *testing.T) {
	play(t, manual, func(w *world) {
		lately := func(s cloudreader.Status) bool { return time.Since(s.ReadAt) < cloudreader.Old-2*time.Minute }
		if s := w.toldOfZone(shared); s.Target != "zhangjiakou" || s.Network != zone.Internal || !lately(s) {
			t.Errorf("first %+v", s)
		}
		w.change(func() {
			w.dns[shared] = zone.Records{CNAME: "a-registry.cn-hangzhou.cr.aliyuncs.com", Addrs: addrs("203.0.113.10")}
		})
		time.Sleep(2 * time.Minute)
		if s := w.toldOfZone(shared); s.Target != "hangzhou" || s.Network != zone.Public || !lately(s) {
			t.Errorf("after the record was edited %+v", s)
		}
		w.change(func() { w.dns[shared] = zone.Records{Addrs: addrs("10.9.9.9")} })
		time.Sleep(2 * time.Minute)
		if s := w.toldOfZone(shared); s.Target != "" || s.Network != "" || !lately(s) {
			t.Errorf("while it leads to nobody %+v", s)
		}
		before := w.toldOfZone(shared)
		w.change(func() { delete(w.dns, shared) })
		time.Sleep(time.Hour)
		after := w.toldOfZone(shared)
		if lately(after) {
			t.Errorf("while DNS is silent %+v, and before %+v", after, before)
		}
	})
}

// TestAStatusOfTheCloudIsLeftToWhoeverReadsIt, with source API.
func TestAStatusOfTheCloudIsLeftToWhoeverReadsIt(t *testing.T) {
	const stands = `{"privateZone":{"readAt":"1999-12-01T00:00:00Z","target":"hangzhou"}}`
	w := func(w *world) {
		w.zones = PrivateZone{ReadAt: func(string) time.Time { return time.Now() }}
		w.api.maps[inputs.StatusName] = &corev1.ConfigMap{Data: map[string]string{shared: stands}}
		w.api.maps[inputs.StatusName].ResourceVersion = "x"
		w.api.maps[inputs.StateName] = &corev1.ConfigMap{Data: map[string]string{shared: `{"version":1,"zones":{"` + w.config.Cluster.VPCID + `":{"addresses":["10.2.0.10"]}}}`}}
	}
	play(t, w, func(w *world) {
		want := cloudreader.Status{ReadAt: time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC), Target: "hangzhou"}
		if diff := cmp.Diff(want, w.toldOfZone(shared)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestARecordThatFlapsIsToldOfNowAndThen, as one with two weighted values does.
func TestARecordThatFlapsIsToldOfNowAndThen(t *testing.T) {
	play(t, manual, func(w *world) {
		writes, last := 0, cloudreader.Status{}
		for n := range 360 {
			record := []string{"10.1.0.10", "10.2.0.10"}[n/3%2]
			w.change(func() { w.dns[shared] = zone.Records{Addrs: addrs(record)} })
			time.Sleep(10 * time.Second)
			if s := w.toldOfZone(shared); !cmp.Equal(s, last) {
				writes, last = writes+1, s
			}
		}
		if writes < 10 || writes > 61 {
			t.Errorf("written %d times in an hour", writes)
		}
	})
}

// TestAStatusThatCantBeWrittenIsTriedAgain, and not each second.
func TestAStatusThatCantBeWrittenIsTriedAgain(t *testing.T) {
	play(t, manual, func(w *world) {
		tries := 0
		w.api.comesOut(func(name, _ string) outcome {
			if name != inputs.StatusName {
				return done
			}
			tries++
			return denied
		}, nil)
		w.change(func() { w.dns[shared] = zone.Records{Addrs: addrs("10.1.0.10")} })
		time.Sleep(10 * time.Minute)
		w.api.comesOut(nil, nil)
		time.Sleep(time.Minute)
		if s := w.toldOfZone(shared); s.Target != "hangzhou" {
			t.Errorf("%+v", s)
		}
		if most := int(10*time.Minute/statusAgain) + 1; tries > most {
			t.Errorf("tried %d times within 10 min", tries)
		}
	})
}
