package alibaba

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// crowd counts the requests that are under way.
type crowd struct {
	http.RoundTripper
	now, most atomic.Int64
}

func (c *crowd) RoundTrip(request *http.Request) (*http.Response, error) {
	c.most.Store(max(c.most.Load(), c.now.Add(1)))
	defer c.now.Add(-1)
	return c.RoundTripper.RoundTrip(request)
}

func TestOneCallIsMadeAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions(t), validKey)
		counted := &crowd{RoundTripper: w.client.transport}
		w.client.transport = counted
		w.Inject(cloud.Fault{DelaySeconds: 1})
		done := make(chan error)
		for range 4 {
			go func() {
				_, err := w.client.ReadZones(t.Context(), "cross-region.registry.io")
				done <- err
			}()
		}
		for range 4 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := counted.most.Load(); n != 1 {
			t.Errorf("%d calls were under way at once", n)
		}
	})
}

func TestACallHasFifteenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions(t), validKey)
		w.Inject(cloud.Fault{DelaySeconds: 3600, Times: 1})
		begun := time.Now()
		_, err := w.client.ReadZones(t.Context(), "cross-region.registry.io")
		if took := time.Since(begun); err != nil || took < 15*time.Second || took > 16*time.Second { // and the pause before the second call
			t.Errorf("with the second call it took %s: %v", took, err)
		}
	})
}

// TestPausesDiffer: clusters that were throttled together don't come back together.
func TestPausesDiffer(t *testing.T) {
	for failures, longest := range []time.Duration{3 * time.Second, 6 * time.Second, 12 * time.Second, 20 * time.Second} {
		seen := map[time.Duration]bool{}
		for range 100 {
			d := backoff(3*time.Second, 20*time.Second, failures)
			if d < longest/2 || d > longest {
				t.Fatalf("after %d failures the pause is %s", failures, d)
			}
			seen[d] = true
		}
		if len(seen) < 50 {
			t.Errorf("after %d failures there are %d pauses only", failures, len(seen))
		}
	}
}
