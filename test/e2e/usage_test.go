package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/test/bench/figures"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// measureUsage shows the memory of each of the product's processes, beside that of
// CoreDNS, the processor time that they take while nothing happens, and the memory
// of a resolver under all the queries that one dnsperf can send.
func measureUsage(t *testing.T) {
	t.Helper()
	// Go gives back to the system within 4.5 minutes what the switches before needed.
	const idle = 5 * time.Minute
	before := map[int]time.Duration{}
	each(t, func(_ corev1.Pod, pid int) { before[pid] = processorTime(t, pid) })
	begin := time.Now()
	time.Sleep(idle)
	took := time.Since(begin)
	t.Logf("%-52s %12s %12s %12s; goal of a resolver: 20 MiB VmRSS, 0.1 %%", "idle", "VmRSS", "RssAnon", "processor")
	each(t, func(pod corev1.Pod, pid int) {
		was, known := before[pid]
		if !known {
			t.Errorf("%s has been restarted", pod.Name)
		}
		m := mustMemory(t, pid)
		t.Logf("%-52s %8.1f MiB %8.1f MiB %10.3f %%", pod.Name, mebibytes(m.resident), mebibytes(m.anonymous),
			100*(processorTime(t, pid)-was).Seconds()/took.Seconds())
	})
	measureLoad(t, podsOf(t, "resolver-dns")[0])
}

// measureLoad asks one resolver for DNS as much as dnsperf can for 20 s.
func measureLoad(t *testing.T, pod corev1.Pod) {
	t.Helper()
	dnsperf, err := exec.LookPath("dnsperf")
	if errors.Is(err, exec.ErrNotFound) {
		t.Log("memory under load is not measured, because dnsperf is missing: apt-get install dnsperf")
		return
	} else if err != nil {
		t.Fatal(err)
	}
	queries := filepath.Join(t.TempDir(), "queries")
	if err := os.WriteFile(queries, []byte(cluster.Endpoint+" A\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pid := pids(t, pod)[0]
	load := exec.CommandContext(t.Context(), dnsperf, "-s", pod.Status.PodIP, "-p", "5353", "-d", queries, "-l", "20", "-c", "8", "-T", "2")
	ended := make(chan struct{})
	var said []byte
	go func() { said, err = load.CombinedOutput(); close(ended) }()
	var most memory
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-ended:
			running = false
		case <-tick.C:
			if m := mustMemory(t, pid); m.resident > most.resident {
				most = m
			}
		}
	}
	if err != nil {
		t.Fatalf("dnsperf: %v: %s", err, said)
	}
	after := mustMemory(t, pid)
	t.Logf("%s under load: VmRSS %.1f MiB at most (goal: 32 MiB), RssAnon %.1f MiB then; %.1f MiB and %.1f MiB afterwards. %s", pod.Name,
		mebibytes(most.resident), mebibytes(most.anonymous), mebibytes(after.resident), mebibytes(after.anonymous), perSecond.Find(said))
}

var perSecond = regexp.MustCompile(`Queries per second:.*`)

// each calls do with each of the product's processes, and with CoreDNS's.
func each(t *testing.T, do func(pod corev1.Pod, pid int)) {
	t.Helper()
	pods, err := dnsPods(t.Context())
	must(t, err)
	for _, component := range []string{"webhook", "controller", "resolver-dns", "resolver", "prober"} {
		pods = append(pods, podsOf(t, component)...)
	}
	for _, pod := range pods {
		for _, pid := range pids(t, pod) {
			do(pod, pid)
		}
	}
}

func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	d, err := figures.ProcessorTime(pid)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustMemory(t *testing.T, pid int) memory {
	t.Helper()
	m, err := memoryOf(pid)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mebibytes(kibibytes int) float64 { return float64(kibibytes) / 1024 }
