package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// measure throws the switch again and again, and shows how long it takes until
// the DNS Service, the hosts file and a pull follow, and what the product's
// processes use.
func (s *scenario) measure(t *testing.T) {
	if *switches == 0 {
		t.Skip("no figures were asked for: -switches 20")
	}
	service, err := node.Client.CoreV1().Services(namespace).Get(t.Context(), "registry-failover-resolver-dns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	server := net.JoinHostPort(service.Spec.ClusterIP, "53")
	measurePulls(t, server)
	measureSwitches(t, server)
	throw(t, "privatezone")
	awaitHosts(t, "")
	measureUsage(t)
}

// measurePulls throws the switch at moments by chance within the time for which
// containerd goes by what it has read, and pulls until the standby serves.
func measurePulls(t *testing.T, server string) {
	t.Helper()
	var answer, hosts, pull []time.Duration
	for i := range *switches {
		throw(t, "privatezone")
		awaitHosts(t, "")
		awaitAnswers(t, node.Zhangjiakou.Internal.String())
		awaitRuntime(t, node.Zhangjiakou.Internal.String())
		pullAtAnyMoment(t, fmt.Sprintf("before-%d", i))

		pulled := len(node.Hangzhou.Log(0))
		thrown := throwAndWatch(t, server, node.Hangzhou)
		first := pullUntilServed(t, fmt.Sprintf("figure-%d", i), pulled)
		answered, written := thrown.await(t)
		answer, hosts, pull = append(answer, answered), append(hosts, written), append(pull, first.Sub(thrown.begin))
	}
	tellTimes(t, "first switched answer of the DNS Service", answer, goalOfAnswers)
	tellTimes(t, "changed hosts file on the node", hosts, goalOfHosts)
	tellTimes(t, "first pull served by hangzhou", pull, "worst 6 s: 5 s of it are Go's for the hosts file")
}

// measureSwitches throws the switch ten times as often, without pulls, which
// take long: enough for a 99th percentile.
func measureSwitches(t *testing.T, server string) {
	t.Helper()
	var answer, hosts, bare []time.Duration
	for i := range 10 * *switches {
		// Uneven, so that nothing that polls is met at the same phase.
		time.Sleep(rand.N(100 * time.Millisecond))
		thrown := throwAndWatch(t, server, []*cluster.Instance{node.Zhangjiakou, node.Hangzhou}[i%2])
		answered, written := thrown.await(t)
		answer, hosts, bare = append(answer, answered), append(hosts, written), append(bare, thrown.arrived.Sub(thrown.begin))
	}
	tellTimes(t, "switched answer, without pulls", answer, goalOfAnswers)
	tellTimes(t, "changed hosts file, without pulls", hosts, goalOfHosts)
	tellTimes(t, "for comparison: a watch that does nothing else", bare, "none")
}

// pullUntilServed returns when hangzhou served a pull after those that it had served before.
func pullUntilServed(t *testing.T, name string, before int) time.Time {
	t.Helper()
	for attempt, end := 0, time.Now().Add(30*time.Second); time.Now().Before(end); attempt++ {
		pod := fmt.Sprintf("%s-%d", name, attempt)
		newPod(t, pod, sourceImage)
		awaitRunning(t, shop, pod)
		deletePod(t, shop, pod)
		for _, access := range node.Hangzhou.Log(before) {
			if access.IsPull() {
				return access.Time
			}
		}
	}
	t.Fatal("no pull was served by hangzhou")
	return time.Time{}
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

// What the figures are compared with.
const (
	goalOfAnswers = "p99 100 ms"
	goalOfHosts   = "p99 200 ms"
)

func tellTimes(t *testing.T, what string, times []time.Duration, goal string) {
	t.Helper()
	slices.Sort(times)
	n := len(times)
	t.Logf("%-46s %4d times: median %7.1f ms, p99 %7.1f ms, worst %7.1f ms; goal: %s", what, n,
		millis(median(times)), millis(times[(n*99-1)/100]), millis(times[n-1]), goal)
}

// median is that of sorted times.
func median(sorted []time.Duration) time.Duration {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
