package readiness

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// known is when all was known last, by the metric; the zero time where it tells nothing.
func (w *world) known() time.Time {
	w.t.Helper()
	if n, err := testutil.GatherAndCount(w.metrics, "registry_failover_readiness_timestamp_seconds"); err != nil || n == 0 {
		return time.Time{}
	}
	return time.Unix(int64(testutil.ToFloat64(w.keeper.metrics.timestamp)), 0)
}

// TestAnImageThatAnInstanceFailsWith keeps nobody from hearing of the others.
func TestAnImageThatAnInstanceFailsWith(t *testing.T) {
	before := func(w *world) {
		must(t, putStatus(w, Status{At: time.Now(), Complete: true, Images: 3, Instances: []InstanceStatus{{Instance: "hangzhou", Present: 3, Share: 1}, {Instance: "zhangjiakou", Present: 3, Share: 1}}}))
		for _, i := range []*instance{w.hangzhou, w.zhangjiakou} {
			for _, name := range []string{"web", "pay", "odd"} {
				i.has("demo/"+name+":1", digest)
			}
		}
		w.hangzhou.has("demo/pay:1", "")
		w.hangzhou.fails("demo/odd:1")
	}
	after(t, before, "", running("web", "pay", "odd"), func(w *world) {
		w.expect(10*time.Second, "hangzhou", InstanceStatus{Present: 1, Missing: 1, Unknown: 1, Share: 1. / 3, PodsBlocked: 1})
		if s, _ := w.status(); !s.Complete {
			t.Error("it isn't complete, though each image was asked for")
		}
		if at := w.known(); !at.IsZero() && at.After(time.Now().Add(-5*time.Second)) {
			t.Error("the metric says that all is known")
		}
		images := w.images().Images
		if len(images) != 2 || images[1].Image != shared+"/demo/odd:1" || images[1].Findings[0].Reason != "it says 500 Internal Server Error" {
			t.Errorf("the list is %+v", images)
		}
		begun := time.Now()
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if n := w.hangzhou.of("demo/odd:1", begun); n > 8 { // after 1, 2, 4, 8, 16, 32 and 64 min
			t.Errorf("it was asked for %d times within 2 hours", n)
		}
		w.hangzhou.fails("")
		w.expect(3*time.Hour, "hangzhou", InstanceStatus{Present: 2, Missing: 1, Share: 2. / 3, PodsBlocked: 1})
		if age := time.Since(w.known()); age > statusInterval+publishEvery {
			t.Errorf("all was known %s ago by the metric", age)
		}
	})
}

// TestTheListChangesThoughNoCountDoes, as when another workload names an image.
func TestTheListChangesThoughNoCountDoes(t *testing.T) {
	pods := running("web", "pay")
	during(t, "", pods, func(w *world) {
		w.zhangjiakou.has("demo/web:1", digest)
		w.zhangjiakou.has("demo/pay:1", digest)
		w.expect(10*time.Second, "hangzhou", InstanceStatus{Missing: 2, PodsBlocked: 2})
		w.mutex.Lock()
		pods[0].Name = "another"
		w.mutex.Unlock()
		time.Sleep(interval + time.Minute) // until the next survey
		synctest.Wait()
		var got []string
		for _, i := range w.images().Images {
			got = append(got, i.Workloads...)
		}
		if diff := cmp.Diff([]string{"shop/Pod/pod-pay", "shop/Pod/another"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestListsOfFormerEndpointsAreTakenAway, as all have to fit into one ConfigMap.
func TestListsOfFormerEndpointsAreTakenAway(t *testing.T) {
	before := func(w *world) {
		_, err := w.cluster.CoreV1().ConfigMaps("registry-failover").Create(t.Context(), &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: "registry-failover", Name: ImagesName},
			Data:       map[string]string{"former.registry.io": strings.Repeat("x", MaxImagesBytes), shared: "{}"},
		}, metav1.CreateOptions{})
		must(t, err)
	}
	after(t, before, "", running("web"), func(w *world) {
		w.expect(10*time.Second, "hangzhou", InstanceStatus{Missing: 1, PodsBlocked: 1})
		m, err := w.cluster.CoreV1().ConfigMaps("registry-failover").Get(t.Context(), ImagesName, metav1.GetOptions{})
		must(t, err)
		if len(m.Data) != 1 || len(w.images().Images) != 1 {
			t.Errorf("it has %d lists", len(m.Data))
		}
	})
}

// TestALeaderWhoseClockWasAhead has told of a time to come, until which nothing would be news.
func TestALeaderWhoseClockWasAhead(t *testing.T) {
	ahead := func(w *world) {
		must(t, putStatus(w, Status{At: time.Now().AddDate(100, 0, 0), Complete: true, Images: 1, Instances: []InstanceStatus{{Instance: "hangzhou", Present: 1, Share: 1}, {Instance: "zhangjiakou", Present: 1, Share: 1}}}))
		w.hangzhou.latency = 4 * time.Second
	}
	after(t, ahead, "", running("a", "b"), func(w *world) {
		time.Sleep(time.Second)
		synctest.Wait()
		if at := w.known(); at.After(time.Now()) {
			t.Errorf("all was known at %s by the metric", at)
		}
	})
}
