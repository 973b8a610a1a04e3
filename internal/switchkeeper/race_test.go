package switchkeeper

import (
	"testing"
	"testing/synctest"
	"time"

	toolscache "k8s.io/client-go/tools/cache"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

// atHangzhou is a world with a failover that is recorded.
func atHangzhou(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.put(inputs.SwitchName, "hangzhou")
	w.settle()
	w.expect("hangzhou", lastSwitch("hangzhou"))
	return w
}

// again is a turn that must find out that somebody else has written.
func (w *world) again() {
	w.Helper()
	if !w.turn() {
		w.Error("the keeper doesn't look again")
	}
}

func TestSomebodyCreatesTheSwitchInTheSameMoment(t *testing.T) {
	w := atHangzhou(t)
	w.drop(inputs.SwitchName)
	w.catchUp()
	w.before["create "+inputs.SwitchName] = func() { w.put(inputs.SwitchName, "zhangjiakou") }
	w.again()
	w.expect("zhangjiakou", lastSwitch("hangzhou"))
	w.settle()
	w.expect("zhangjiakou", lastSwitch("zhangjiakou"))
}

func TestSomebodyWritesTheKeyInTheSameMoment(t *testing.T) {
	w := atHangzhou(t)
	c := w.get(inputs.SwitchName)
	delete(c.Data, name)
	w.must(w.Update(t.Context(), c))
	w.catchUp()
	w.before["patch "+inputs.SwitchName] = func() { w.put(inputs.SwitchName, "zhangjiakou") }
	w.again()
	w.expect("zhangjiakou", lastSwitch("hangzhou"))
	w.settle()
	w.expect("zhangjiakou", lastSwitch("zhangjiakou"))
}

func TestSomebodyDeletesTheSwitchWhileAKeyIsWritten(t *testing.T) {
	w := atHangzhou(t)
	c := w.get(inputs.SwitchName)
	delete(c.Data, name)
	w.must(w.Update(t.Context(), c))
	w.catchUp()
	w.before["patch "+inputs.SwitchName] = func() { w.drop(inputs.SwitchName) }
	w.again()
	w.settle()
	w.expect("hangzhou", lastSwitch("hangzhou"))
}

// TestLeaderThatWasStoppedOverwritesNoRecord lets the next leader record a newer
// switch after the old one has read both.
func TestLeaderThatWasStoppedOverwritesNoRecord(t *testing.T) {
	w := atHangzhou(t)
	w.put(inputs.SwitchName, "zhangjiakou")
	w.catchUp()
	w.before["patch "+inputs.StateName] = func() {
		w.put(inputs.SwitchName, "privatezone")
		w.put(inputs.StateName, lastSwitch("privatezone"))
	}
	w.again()
	w.expect("privatezone", lastSwitch("privatezone"))
	w.settle()
	w.expect("privatezone", lastSwitch("privatezone"))
}

func TestStateIsDeletedWhileItIsWritten(t *testing.T) {
	w := atHangzhou(t)
	w.put(inputs.SwitchName, "zhangjiakou")
	w.catchUp()
	w.before["patch "+inputs.StateName] = func() { w.drop(inputs.StateName) }
	w.again()
	w.settle()
	w.expect("zhangjiakou", lastSwitch("zhangjiakou"))
}

// TestValueThatNoReadSaw is written and deleted before the keeper reads. The
// nodes have seen it.
func TestValueThatNoReadSaw(t *testing.T) {
	w := atHangzhou(t)
	short := w.put(inputs.SwitchName, "zhangjiakou")
	w.drop(inputs.SwitchName)
	w.again() // the watch is behind
	w.expect("-", lastSwitch("hangzhou"))
	w.shows(short)
	w.again()
	w.keeper.eyes().OnDelete(short)
	w.settle()
	w.expect("zhangjiakou", lastSwitch("zhangjiakou"))
}

// TestStandbyHasSeen is the same while nobody leads.
func TestStandbyHasSeen(t *testing.T) {
	w := newWorld(t)
	w.put(inputs.StateName, lastSwitch("privatezone"))
	c := w.put(inputs.SwitchName, "hangzhou")
	w.shows(c)
	w.drop(inputs.SwitchName)
	w.keeper.eyes().OnDelete(c)
	w.settle()
	w.expect("hangzhou", lastSwitch("hangzhou"))
}

// TestReadIsOlderThanWhatTheWatchHasShown was lost once: the older value, read
// but looked at late, took the newer one's place.
func TestReadIsOlderThanWhatTheWatchHasShown(t *testing.T) {
	w := atHangzhou(t)
	w.before["after get "+inputs.SwitchName] = func() {
		w.shows(w.put(inputs.SwitchName, "zhangjiakou"))
		c := w.get(inputs.SwitchName)
		delete(c.Data, name)
		w.must(w.Update(t.Context(), c))
		w.shows(c)
	}
	w.turn()
	w.settle()
	w.expect("zhangjiakou", lastSwitch("zhangjiakou"))
}

// TestRecordIsNewerThanWhatAnInterruptedWatchHasShown lets another replica record
// meanwhile.
func TestRecordIsNewerThanWhatAnInterruptedWatchHasShown(t *testing.T) {
	w := atHangzhou(t)
	w.put(inputs.StateName, lastSwitch("zhangjiakou"))
	c := w.get(inputs.SwitchName)
	w.drop(inputs.SwitchName)
	w.keeper.eyes().OnDelete(toolscache.DeletedFinalStateUnknown{Obj: c})
	w.settle()
	w.expect("zhangjiakou", lastSwitch("zhangjiakou"))
}

// TestReadFillsTheGapOfAnInterruptedWatch reads a version that the watch skips.
func TestReadFillsTheGapOfAnInterruptedWatch(t *testing.T) {
	w := atHangzhou(t)
	w.put(inputs.SwitchName, "zhangjiakou")
	w.turn()
	w.put(inputs.SwitchName, "nonsense")
	w.settle()
	w.expect("nonsense", lastSwitch("zhangjiakou"))
	w.drop(inputs.SwitchName)
	w.settle()
	w.expect("zhangjiakou", lastSwitch("zhangjiakou"))
}

// TestWatchThatStaysBehindIsNotWaitedForForEver has a watch that shows nothing more.
func TestWatchThatStaysBehindIsNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := atHangzhou(t)
		w.drop(inputs.SwitchName)
		began := time.Now()
		for w.turn() {
			time.Sleep(soon)
		}
		if waited := time.Since(began); waited != patience {
			t.Errorf("waited for %s", waited)
		}
		w.expect("hangzhou", lastSwitch("hangzhou"))
	})
}

// TestRecordIsNewerThanASkippedVersion lets another replica record a version that
// an interrupted watch skips: it shows the next one as any other.
func TestRecordIsNewerThanASkippedVersion(t *testing.T) {
	for next, want := range map[string]string{"nonsense": "nonsense", "": "zhangjiakou"} {
		w := atHangzhou(t)
		w.put(inputs.StateName, lastSwitch("zhangjiakou"))
		c := w.put(inputs.SwitchName, next)
		if next == "" {
			delete(c.Data, name)
			w.must(w.Update(t.Context(), c))
		}
		w.settle()
		w.expect(want, lastSwitch("zhangjiakou"))
	}
}

func TestBothAreDeletedWhileTheWatchIsInterrupted(t *testing.T) {
	w := atHangzhou(t)
	c := w.get(inputs.SwitchName)
	w.drop(inputs.SwitchName)
	w.drop(inputs.StateName)
	w.keeper.eyes().OnDelete(toolscache.DeletedFinalStateUnknown{Obj: c})
	w.settle()
	w.expect("hangzhou", lastSwitch("hangzhou"))
}

// TestStandbyNotesWhatIsRecorded never reconciles before it leads.
func TestStandbyNotesWhatIsRecorded(t *testing.T) {
	w := newWorld(t)
	w.shows(w.put(inputs.SwitchName, "hangzhou"))
	w.keeper.memory().OnAdd(w.put(inputs.StateName, lastSwitch("hangzhou")), false)
	w.put(inputs.StateName, lastSwitch("zhangjiakou"))
	w.put(inputs.SwitchName, "nonsense")
	w.settle()
	w.expect("nonsense", lastSwitch("zhangjiakou"))
}
