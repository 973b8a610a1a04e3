package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/standin"
)

// thrown is a switch whose arrival is watched.
type thrown struct {
	begin             time.Time
	answered, written time.Time
	done              chan error
}

// throwAndWatch throws the switch to an instance, by a connection of its own, so
// that no process has to start within what is measured, and looks when a DNS
// server and the node's hosts file have it.
func throwAndWatch(t *testing.T, server string, to *cluster.Instance) *thrown {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	patch := fmt.Appendf(nil, `{"data":{%q:%q}}`, cluster.Endpoint, to.Name)
	w := &thrown{begin: time.Now(), done: make(chan error, 2)}
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
	return w
}

// await returns how long after the switch was thrown each was seen.
func (w *thrown) await(t *testing.T) (answered, written time.Duration) {
	t.Helper()
	for range 2 {
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
