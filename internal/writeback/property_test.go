package writeback

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// TestNothingLosesTheOriginal plays two clusters in one VPC whose switches are
// thrown, whose leaders die and whose calls are slow, refused, lost on either way, or carried
// out when nobody waits for them any more.
// The cloud checks after each call that the name still leads somewhere.
func TestNothingLosesTheOriginal(t *testing.T) {
	seeds := uint64(8)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playTwoClusters(t, seed) })
		})
	}
}

func playTwoClusters(t *testing.T, seed uint64) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	some := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	original := []string{"10.2.0.10", "10.2.0.11"}[:1+some(2)]
	w := newCloud(t, original...)
	first := w.values()
	if some(2) == 0 {
		w.KeepIDs()
	}
	var over atomic.Bool
	w.before = func(alibaba.Change) error {
		if !over.Load() {
			time.Sleep(time.Duration(some(9000)) * time.Millisecond)
		}
		return nil
	}
	w.late = func(alibaba.Change) time.Duration {
		if over.Load() || some(3) > 0 {
			return 0
		}
		return time.Duration(some(5900)) * time.Millisecond // with the sleep 14.9 s after the reading at most
	}
	clusters := []*cluster{newCluster(t, w, me), newCluster(t, w, other)}
	for _, c := range clusters {
		c.start()
	}
	words := []string{"privatezone", "a", "a/public", "b", "b/public"}
	actions := []string{"UpdateZoneRecord", "UpdateRecordRemark", "AddZoneRecord", "DeleteZoneRecord", "DescribeZoneRecords"}
	for range 25 {
		c := clusters[some(2)]
		switch some(4) {
		case 0, 1:
			c.turn(words[some(len(words))])
		case 2:
			c.end()
			c.start()
		default:
			w.Inject([]cloud.Fault{
				{Action: actions[some(len(actions))], Times: 1, Drop: true}, // carried out, and nobody knows
				{Action: actions[some(len(actions))], Times: 1, Code: "Throttling.User"},
				{Action: actions[some(len(actions))], Times: 2, Cut: true},
			}[some(3)])
		}
		time.Sleep(time.Duration(some(some(60_000)+1)) * time.Millisecond)
	}
	w.Heal()
	over.Store(true)
	for _, c := range clusters {
		c.turn("privatezone")
	}
	time.Sleep(20 * time.Minute)
	for _, c := range clusters {
		c.end()
	}
	if diff := cmp.Diff(sortedText(first), sortedText(w.values())); diff != "" {
		t.Errorf("records after all is over (-first +last)\n%s", diff)
		for _, call := range w.Calls() {
			if call.Query["Action"] != "DescribeZones" && call.Query["Action"] != "DescribeZoneRecords" {
				t.Log(call.Query["Timestamp"], call.Action, call.Code, call.Query["RecordId"], call.Query["Value"], call.Query["Remark"])
			}
		}
	}
}

func sortedText(all []string) []string {
	return slices.Sorted(slices.Values(all))
}

// TestACrashAfterAnyCallIsMadeGood stops after each number of calls, and lets the
// next leader go on with nothing but the records.
func TestACrashAfterAnyCallIsMadeGood(t *testing.T) {
	for _, original := range [][]string{{"10.2.0.10"}, {"10.2.0.10", "10.2.0.11"}} {
		for _, word := range []string{"a", "a/public"} {
			for calls := range 8 {
				t.Run(fmt.Sprint(original, word, calls), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newCloud(t, original...)
						first := w.values()
						c := newCluster(t, w, me)
						left := calls
						w.before = func(alibaba.Change) error {
							if left == 0 {
								c.stop()
							}
							left--
							return nil
						}
						c.turn(word)
						c.start()
						time.Sleep(5 * time.Minute)
						c.turn("privatezone")
						time.Sleep(5 * time.Minute)
						c.end()
						w.before = nil
						c.turn("privatezone")
						c.start()
						time.Sleep(5 * time.Minute)
						c.end()
						if diff := cmp.Diff(sortedText(first), sortedText(w.values())); diff != "" {
							t.Error(diff)
						}
					})
				})
			}
		}
	}
}
