package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/standin"
)

// thrown is a switch whose arrival is watched.
type thrown struct {
	begin             time.Time
	answered, written time.Time
	// arrived is when a watch that does nothing else had it: no resolver can be sooner.
	arrived time.Time
	done    chan error
}

// throwAndWatch throws the switch to an instance, by a connection of its own, so
// that no process has to start within what is measured, and looks when a DNS
// server and the node's hosts file have it.
func throwAndWatch(t *testing.T, server string, to *cluster.Instance) *thrown {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	events, err := node.Client.CoreV1().ConfigMaps(namespace).Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=registry-failover"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(events.Stop)
	<-events.ResultChan() // what stands before
	patch := fmt.Appendf(nil, `{"data":{%q:%q}}`, cluster.Endpoint, to.Name)
	w := &thrown{begin: time.Now(), done: make(chan error, 3)}
	if _, err := node.Client.CoreV1().ConfigMaps(namespace).Patch(ctx, "registry-failover", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	look := func(at *time.Time, condition func() bool) {
		err := poll(ctx, condition)
		*at = time.Now()
		w.done <- err
	}
	go look(&w.answered, func() bool {
		addrs, err := standin.Lookup(ctx, server, cluster.Endpoint)
		return err == nil && len(addrs) == 1 && addrs[0] == to.Internal
	})
	go look(&w.written, func() bool {
		content, err := os.ReadFile("/etc/hosts")
		return err == nil && strings.Contains(string(content), to.Internal.String()+" ")
	})
	go func() {
		for event := range events.ResultChan() {
			if choice, ok := event.Object.(*corev1.ConfigMap); ok && choice.Data[cluster.Endpoint] == to.Name {
				w.arrived = time.Now()
				w.done <- nil
				return
			}
		}
		w.done <- errors.New("a watch ended before it told of the switch")
	}()
	return w
}

// await returns how long after the switch was thrown each was seen.
func (w *thrown) await(t *testing.T) (answered, written time.Duration) {
	t.Helper()
	for range 3 {
		if err := <-w.done; err != nil {
			t.Fatal(err)
		}
	}
	return w.answered.Sub(w.begin), w.written.Sub(w.begin)
}

// poll looks every half millisecond.
func poll(ctx context.Context, condition func() bool) error {
	tick := time.NewTicker(500 * time.Microsecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
