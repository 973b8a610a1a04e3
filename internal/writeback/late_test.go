package writeback

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

// TestACallThatComesLateFindsTheMark is why [settle] is waited for. Two clusters mark at
// once, the second's call overwrites the first's mark, and is cleared again. If the
// first had written beside the mark that it had just read, and that call were carried
// out now, nothing would tell the original any more.
func TestACallThatComesLateFindsTheMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		w.KeepIDs()
		one, two := newCluster(t, w, me), newCluster(t, w, other)
		w.before = func(c alibaba.Change) error {
			switch c.Record.Remark {
			case "rf1-0a1b2c3d-10.2.0.10":
				time.Sleep(time.Second) // both have read that there is none
			case "rf1-ffffffff-10.2.0.10":
				time.Sleep(9 * time.Second)
			}
			return nil
		}
		w.late = func(c alibaba.Change) time.Duration {
			if c.Record.Value() == "10.1.0.10" && c.Action == alibaba.UpdateZoneRecord {
				w.late = nil
				return writeWithin + 4900*time.Millisecond
			}
			return 0
		}
		one.start()
		two.start()
		time.Sleep(time.Minute + look/2)
		one.turn("a")
		two.turn("a/public")
		time.Sleep(2 * look) // both have marked
		one.end()            // and with it what it remembers
		time.Sleep(2 * time.Second)
		two.turn("privatezone")
		time.Sleep(writeWithin + 2*settle)
		one.start()
		time.Sleep(5 * time.Minute)
		one.turn("privatezone")
		time.Sleep(10 * time.Minute)
		one.end()
		two.end()
		w.want("A 10.2.0.10 30")
	})
}

// TestAClearingThatComesLateIsWaitedFor switches back while the call that takes the mark away is under way.
func TestAClearingThatComesLateIsWaitedFor(t *testing.T) {
	for sentence, dies := range map[string]bool{"the leader stays": false, "another one leads": true} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newCloud(t, "10.2.0.10")
				w.KeepIDs()
				c := newCluster(t, w, me)
				c.turn("a")
				c.start()
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				cleared := make(chan struct{})
				w.late = func(change alibaba.Change) time.Duration {
					if change.Action != alibaba.UpdateRecordRemark {
						return 0
					}
					w.late = nil
					close(cleared)
					return writeWithin + 4*time.Second
				}
				c.turn("privatezone")
				<-cleared
				c.turn("a/public")
				if dies {
					c.end()
					c.start()
				}
				time.Sleep(writeWithin + 4500*time.Millisecond) // it has just come
				if !dies {
					c.end()
					c.start()
				}
				time.Sleep(2 * time.Minute)
				w.want("CNAME a-registry.cn-hangzhou.cr.aliyuncs.com 30rf1-0a1b2c3d-10.2.0.10")
				c.turn("privatezone")
				time.Sleep(2 * time.Minute)
				c.end()
				w.want("A 10.2.0.10 30")
			})
		})
	}
}

// TestAWritingOfAnEarlierLeaderIsWaitedFor: the mark, though the original stands beside it, isn't taken away before.
func TestAWritingOfAnEarlierLeaderIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		w.KeepIDs()
		c := newCluster(t, w, me)
		c.turn("a")
		written := make(chan struct{})
		w.late = func(change alibaba.Change) time.Duration {
			if change.Action != alibaba.UpdateZoneRecord {
				return 0
			}
			w.late = nil
			close(written)
			return settle - time.Millisecond
		}
		c.start()
		<-written
		c.end()
		c.turn("privatezone")
		c.start()
		time.Sleep(settle - time.Second) // the call hasn't come yet
		c.end()
		time.Sleep(2 * time.Second)
		c.start()
		time.Sleep(2 * time.Minute)
		c.end()
		w.want("A 10.2.0.10 30")
	})
}

func TestASwitchThrownBackAtOnceLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.start()
		defer c.end()
		time.Sleep(time.Minute - look/2)
		c.turn("a")
		time.Sleep(look)
		w.want("A 10.2.0.10 30rf1-0a1b2c3d-10.2.0.10")
		c.turn("privatezone")
		time.Sleep(look)
		w.want("A 10.2.0.10 30")
		if s := c.status(); s.Owner != "" || s.Target != "privatezone" {
			t.Errorf("the status isn't written at once: %+v", s)
		}
	})
}

// TestAMarkThatWasAwayCountsAnew: while it was away, another cluster could begin.
func TestAMarkThatWasAwayCountsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCloud(t, "10.2.0.10")
		c := newCluster(t, w, me)
		c.turn("a")
		c.start()
		defer c.end()
		time.Sleep(2*time.Minute + look/2)
		w.remark("")
		c.turn("a/public")
		time.Sleep(settle - look/2)
		w.want("A 10.1.0.10 30rf1-0a1b2c3d-10.2.0.10")
		time.Sleep(2 * look)
		w.want("CNAME a-registry.cn-hangzhou.cr.aliyuncs.com 30rf1-0a1b2c3d-10.2.0.10")
	})
}
