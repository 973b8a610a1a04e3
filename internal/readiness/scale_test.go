package readiness

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
)

var scale = flag.Int("scale", 200, "how many different images the cluster runs, a pod each")

// TestWhatManyImagesCost asks instances that are 20 ms away, in a time of its own. Its
// figures with 10,000 images are told by make bench-readiness.
func TestWhatManyImagesCost(t *testing.T) {
	n := *scale
	var pods []*corev1.Pod
	for i := range n {
		name := fmt.Sprintf("team-%d/app-%d", i%97, i)
		pods = append(pods, podOf(fmt.Sprintf("ns-%d", i%97), fmt.Sprint("pod-", i), controlledBy("StatefulSet", fmt.Sprint("app-", i)), []string{"pull"}, shared+"/"+name+":1.0"))
	}
	during(t, "", pods, func(w *world) {
		begun := time.Now()
		instances := []*instance{w.hangzhou, w.zhangjiakou}
		w.auth.latency = 20 * time.Millisecond
		for _, i := range instances {
			i.latency, i.guarded = 20*time.Millisecond, true
			for k := range n {
				i.manifests[fmt.Sprintf("team-%d/app-%d:1.0", k%97, k)] = digest
			}
		}
		var s Status
		for ; !s.Complete; s, _ = w.status() {
			time.Sleep(time.Second)
			synctest.Wait()
			if time.Since(begun) > 2*time.Hour {
				t.Fatalf("it isn't complete after 2 hours: %+v", s)
			}
		}
		if share := s.Share(); s.Images != n || share["hangzhou"] != 1 || share["zhangjiakou"] != 1 {
			t.Errorf("got %+v", s)
		}
		passed := time.Since(begun)
		if most := 2*time.Duration(n)*time.Second/requestsPerSecond + time.Minute; passed > most {
			t.Errorf("all was known after %s, not %s", passed, most)
		}
		for at, i := range instances {
			if most := i.busiest(); most > requestsPerSecond+4 { // with what may come at once
				t.Errorf("instance %d: %d requests within a second", at, most)
			}
			t.Logf("instance %d: all of %d images were known after %s, with %d requests, %d a second at most", at, n, passed.Round(time.Second), i.count(time.Time{}), i.busiest())
		}
		resting, pages := time.Now(), w.listed()
		time.Sleep(12 * time.Hour)
		synctest.Wait()
		for at, i := range instances {
			perHour := i.count(resting) / 12
			// Each tag once in 6 hours, and it is seen 12 times an hour where the instance is.
			if most := n/5 + 2*13; perHour > most {
				t.Errorf("instance %d: %d requests an hour at rest, more than %d", at, perHour, most)
			}
			t.Logf("instance %d: %d requests an hour at rest, %.2f a second", at, perHour, float64(perHour)/3600)
		}
		t.Logf("token service: %d requests an hour at rest", w.auth.count(resting)/12)
		t.Logf("API server: %d pages of pods an hour", (w.listed()-pages)/12)
		before := heap()
		w.keeper.note(func() { w.keeper.book = NewBook(func() float64 { return 0.5 }) })
		t.Logf("memory: %.1f MiB for what is known of the images", float64(before-heap())/(1<<20))
	})
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
