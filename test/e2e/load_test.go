package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// load is a steady stream of pods that are created on dry run, which the API
// server admits as all others.
type load struct {
	stop    chan struct{}
	running sync.WaitGroup

	mutex     sync.Mutex
	created   int
	rejected  []string // why, and when
	unchanged []time.Time
}

// startLoad has eight clients, each with a pod every 10 ms at most.
func startLoad() *load {
	l := &load{stop: make(chan struct{})}
	for range 8 {
		l.running.Go(func() {
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-l.stop:
					return
				case <-tick.C:
					l.create()
				}
			}
		})
	}
	return l
}

func (l *load) create() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	image, err := wouldBe(ctx, metav1.ObjectMeta{Namespace: shop})
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.created++
	switch now := time.Now(); {
	case err != nil:
		l.rejected = append(l.rejected, fmt.Sprintf("%s: %v", now.Format(time.StampMilli), err))
	case image != sharedImage:
		l.unchanged = append(l.unchanged, now)
	}
}

// end stops the load, and fails the test if any pod was rejected.
func (l *load) end(t *testing.T) (created int, unchanged []time.Time) {
	t.Helper()
	close(l.stop)
	l.running.Wait()
	if len(l.rejected) > 0 {
		t.Errorf("%d of %d pods were rejected, the first at %s", len(l.rejected), l.created, l.rejected[0])
	}
	if l.created == 0 {
		t.Error("no pod was created: this shows nothing")
	}
	return l.created, l.unchanged
}

// underLoad fails the test if, while play runs, a pod is rejected or not rewritten.
func underLoad(t *testing.T, play func()) {
	t.Helper()
	l := startLoad()
	begin := time.Now()
	defer func() {
		created, unchanged := l.end(t)
		if len(unchanged) > 0 {
			t.Errorf("%d of %d pods were not rewritten, the first at %s", len(unchanged), created, unchanged[0].Format(time.StampMilli))
		}
		t.Logf("%d pods in %.1f s", created, time.Since(begin).Seconds())
	}()
	play()
}
