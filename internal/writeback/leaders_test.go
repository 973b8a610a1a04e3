package writeback

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

// TestTwoLeadersOfOneCluster has two at once, as when one hangs past the end of its
// lease, whose calls take their time.
func TestTwoLeadersOfOneCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		w.before = func(alibaba.Change) error { time.Sleep(3 * time.Second); return nil }
		one, two := newCluster(t, w, me), newCluster(t, w, me)
		one.start()
		time.Sleep(2 * time.Second)
		two.start()
		defer one.end()
		defer two.end()
		for _, word := range []struct{ thrown, want string }{
			{"a", "A 10.1.0.10 30rf1-0a1b2c3d-10.2.0.10"},
			{"a/public", "CNAME a-registry.cn-hangzhou.cr.aliyuncs.com 30rf1-0a1b2c3d-10.2.0.10"},
			{"privatezone", "A 10.2.0.10 30"},
			{"a", "A 10.1.0.10 30rf1-0a1b2c3d-10.2.0.10"},
		} {
			one.turn(word.thrown)
			time.Sleep(time.Second)
			two.turn(word.thrown)
			time.Sleep(5 * time.Minute)
			w.want(word.want)
		}
		one.turn("privatezone") // and the other, which hangs, hasn't heard of it yet
		time.Sleep(time.Minute)
		two.turn("privatezone")
		time.Sleep(10 * time.Minute)
		w.want("A 10.2.0.10 30")
	})
}
