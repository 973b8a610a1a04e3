package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/standin"
)

// measure throws the switch again and again, and shows how long it takes until
// the DNS Service, the hosts file and a pull follow.
func (s *scenario) measure(t *testing.T) {
	if *switches == 0 {
		t.Skip("no figures were asked for: -switches 20")
	}
	service, err := node.Client.CoreV1().Services(namespace).Get(t.Context(), "registry-failover-resolver-dns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var answer, hosts, pull []time.Duration
	for i := range *switches {
		throw(t, "privatezone")
		awaitHosts(t, "")
		awaitAnswers(t, node.Zhangjiakou.Internal.String())
		awaitRuntime(t, node.Zhangjiakou.Internal.String())
		pullAtAnyMoment(t, fmt.Sprintf("before-%d", i))

		pulled := len(node.Hangzhou.Log(0))
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		var answered, written time.Time
		done := make(chan error, 2)
		// A connection of its own, so that no process has to start within what is measured.
		patch := fmt.Appendf(nil, `{"data":{%q:"hangzhou"}}`, cluster.Endpoint)
		begin := time.Now()
		if _, err := node.Client.CoreV1().ConfigMaps(namespace).Patch(ctx, "registry-failover", "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		go func() {
			err := poll(ctx, func() bool {
				addrs, err := standin.Lookup(ctx, net.JoinHostPort(service.Spec.ClusterIP, "53"), cluster.Endpoint)
				return err == nil && len(addrs) == 1 && addrs[0] == node.Hangzhou.Internal
			})
			answered = time.Now()
			done <- err
		}()
		go func() {
			err := poll(ctx, func() bool {
				content, err := os.ReadFile("/etc/hosts")
				return err == nil && strings.Contains(string(content), node.Hangzhou.Internal.String()+" ")
			})
			written = time.Now()
			done <- err
		}()
		name := fmt.Sprintf("figure-%d", i)
		var first time.Time
		for attempt := 0; first.IsZero() && ctx.Err() == nil; attempt++ {
			pod := fmt.Sprintf("%s-%d", name, attempt)
			newPod(t, pod, sourceImage)
			awaitRunning(t, shop, pod)
			deletePod(t, shop, pod)
			for _, access := range node.Hangzhou.Log(pulled) {
				if access.IsPull() {
					first = access.Time
					break
				}
			}
		}
		if first.IsZero() {
			t.Fatal("no pull was served by hangzhou")
		}
		for range 2 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		answer, hosts, pull = append(answer, answered.Sub(begin)), append(hosts, written.Sub(begin)), append(pull, first.Sub(begin))
	}
	t.Logf("%-44s %10s %10s", fmt.Sprintf("from the patch, %d times", *switches), "median", "worst")
	for _, row := range []struct {
		what  string
		times []time.Duration
	}{
		{"first switched answer of the DNS Service", answer},
		{"changed hosts file on the node", hosts},
		{"first pull served by hangzhou", pull},
	} {
		slices.Sort(row.times)
		t.Logf("%-44s %8.1f ms %7.1f ms", row.what, millis(median(row.times)), millis(row.times[len(row.times)-1]))
	}
	throw(t, "privatezone")
	awaitHosts(t, "")
	tellMemory(t)
}

// pullAtAnyMoment pulls, so that containerd goes by the hosts file that it read
// then, and returns at a random moment of the time for which it may do so.
func pullAtAnyMoment(t *testing.T, name string) {
	t.Helper()
	newPod(t, name, sourceImage)
	awaitRunning(t, shop, name)
	log := node.Zhangjiakou.Log(0)
	read := log[len(log)-1].Time
	deletePod(t, shop, name)
	time.Sleep(time.Until(read.Add(time.Duration(rand.Int64N(int64(goCachesHosts))))))
}

// median is that of sorted times.
func median(sorted []time.Duration) time.Duration {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

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

// tellMemory shows the memory of each of the product's pods.
func tellMemory(t *testing.T) {
	t.Helper()
	t.Logf("%-52s %10s %10s", "pod", "VmRSS", "RssAnon")
	for _, component := range []string{"webhook", "controller", "resolver-dns", "resolver"} {
		for _, pod := range podsOf(t, component) {
			for _, pid := range pids(t, pod) {
				m, err := memoryOf(pid)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%-52s %6.1f MiB %6.1f MiB", pod.Name, float64(m.resident)/1024, float64(m.anonymous)/1024)
			}
		}
	}
}
