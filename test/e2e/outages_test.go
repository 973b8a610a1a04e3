package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestOutages kills one part after the other while the switch is thrown, under
// lookups: no answer is empty or older than it may be, and the hosts file has
// nothing but the block. TestSoak plays the same at random.
func TestOutages(t *testing.T) {
	s := newScenario(t, 4)
	s.play(t, "helm install", (*scenario).install)
	tr, end := observeSwitch(t)
	for i, dying := range append(deaths, reboot()) {
		if slices.Contains([]string{"the API server", "each webhook"}, dying.part) {
			continue // TestFailover kills them
		}
		s.play(t, dying.part, func(_ *scenario, t *testing.T) {
			// The switch is thrown while the part is dead: with VPC DNS dead to internal,
			// which needs none, and where a block must stay from one instance to another.
			tr.play(t, dying, turns()[(i+2)%len(turns())], -100*time.Millisecond, time.Second)
		})
	}
	s.play(t, "the primary", func(_ *scenario, t *testing.T) { losePrimary(t, tr) })
	s.play(t, "both instances", func(_ *scenario, t *testing.T) { loseInstances(t, tr) })
	s.play(t, "the state", func(_ *scenario, t *testing.T) { loseState(t, tr) })
	end()
	throw(t, "privatezone")
	awaitHosts(t, "")
	s.play(t, "helm uninstall leaves nothing", func(s *scenario, t *testing.T) {
		if _, err := s.runUninstall(t); err != nil {
			t.Fatal(err)
		}
		s.awaitNothingLeft(t)
	})
}

// losePrimary ends the primary for good while pulls go there, and throws the switch.
func losePrimary(t *testing.T, tr *truth) {
	primary, standby := turns()[0], turns()[1]
	tr.change(primary.leads, func() { throw(t, primary.word) })
	awaitRuntime(t, primary.answer)
	must(t, node.Zhangjiakou.Close())
	tr.change(standby.leads, func() { throwPatiently(t, standby.word, time.Minute) })
	awaitRuntime(t, standby.answer)
	newPull(t, "without-primary", standby.instance)
	must(t, node.Zhangjiakou.Start(t.Context()))
}

// loseInstances ends both registries: where the answer leads is nobody's to change but a person's.
func loseInstances(t *testing.T, tr *truth) {
	stay(t, tr, func() {
		must(t, errors.Join(node.Hangzhou.Close(), node.Zhangjiakou.Close()))
	})
	must(t, errors.Join(node.Hangzhou.Start(t.Context()), node.Zhangjiakou.Start(t.Context())))
}

// loseState deletes what the controller has learnt; it writes it anew.
func loseState(t *testing.T, tr *truth) {
	states := node.Client.CoreV1().ConfigMaps(namespace)
	stay(t, tr, func() {
		must(t, states.Delete(t.Context(), "registry-failover-state", metav1.DeleteOptions{}))
	})
	await(t, "the state is there again", 30*time.Second, func(ctx context.Context) error {
		_, err := states.Get(ctx, "registry-failover-state", metav1.GetOptions{})
		return err
	})
}

// stay lets something happen that may change no answer.
func stay(t *testing.T, tr *truth, happens func()) {
	t.Helper()
	before := tr.looks()
	happens()
	await(t, "everything was looked at often enough", 30*time.Second, func(context.Context) error {
		if now := tr.looks(); now < before+300 {
			return fmt.Errorf("%d times", now-before)
		}
		return nil
	})
}

// reboot ends whatever runs on the node but the control plane. What kubelet keeps
// on disk stays, as it does on a machine that starts again: the cache with it.
func reboot() death {
	return death{part: "the node", ours: true, unanswered: true, bypassed: true, lag: time.Minute, kill: func(t *testing.T) func(context.Context) error {
		caches, err := filepath.Glob("/run/*/" + node.Nodes[0].Name + "/kubelet/pods/*/volumes/kubernetes.io~empty-dir/cache/switch/" + cluster.Endpoint)
		must(t, err)
		if len(caches) == 0 {
			t.Error("no resolver has a cache on disk")
		}
		n := node.Nodes[0]
		for _, p := range []*cluster.Process{n.Kubelet, n.Containerd, n.Proxy} {
			p.Kill()
		}
		// Shims first, or they tell of what they see.
		for _, which := range []func(pid string) bool{isShim, isContainer} {
			all, err := filepath.Glob("/proc/[0-9]*")
			must(t, err)
			for _, process := range all {
				var pid int
				if _, err := fmt.Sscan(filepath.Base(process), &pid); err == nil && which(process) {
					_ = kill(pid) // it may have ended with its shim
				}
			}
		}
		return func(ctx context.Context) error {
			for _, cache := range caches {
				if _, err := os.Stat(cache); err != nil {
					return err
				}
			}
			return errors.Join(n.StartContainerd(ctx), n.RestartKubelet(ctx), n.Proxy.Start())
		}
	}}
}

func isShim(process string) bool {
	program, err := os.Readlink(process + "/exe")
	return err == nil && strings.HasPrefix(filepath.Base(program), "containerd-shim")
}

// isContainer tells a process that has a root of its own.
func isContainer(process string) bool {
	theirs, err := os.Stat(process + "/root")
	if err != nil {
		return false
	}
	ours, err := os.Stat("/")
	return err == nil && !os.SameFile(theirs, ours)
}

// observeSwitch looks at all that follows the switch, which says privatezone, until end.
func observeSwitch(t *testing.T) (tr *truth, end func()) {
	t.Helper()
	service, err := node.Client.CoreV1().Services(namespace).Get(t.Context(), "registry-failover-resolver-dns", metav1.GetOptions{})
	must(t, err)
	await(t, "no CoreDNS from before the stanza is left", time.Minute, func(ctx context.Context) error {
		pods, err := dnsPods(ctx)
		if err == nil && len(pods) != 1 {
			err = fmt.Errorf("there are %d", len(pods))
		}
		return err
	})
	tr = newTruth(t, turns()[0].leads)
	ctx, stop := context.WithCancel(t.Context())
	observers := tr.observe(ctx, net.JoinHostPort(service.Spec.ClusterIP, "53"))
	end = sync.OnceFunc(func() { stop(); observers.Wait(); tr.tell(t) })
	t.Cleanup(end) // also where a step fails
	return tr, end
}
