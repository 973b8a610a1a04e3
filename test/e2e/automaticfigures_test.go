package e2e

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// takeovers is how often the primary is lost with each settings; it is left out with 0.
var takeovers = flag.Int("automatic", 0, "measure so many automatic failovers with default and with fast settings of health, on nodes with and without a pull in flight")

// measure lets automatic mode take over again and again: on the first node no pull is in
// flight, on the second one, of a kubelet that pulls one image after the other, on the third one
// of a kubelet that pulls all at once.
func (a *automatic) measure(s *scenario, t *testing.T) {
	if *takeovers == 0 {
		t.Skip("no figures were asked for: -automatic 10")
	}
	setKubeletOn(t, node.Nodes[2], "serializeImagePulls: false\n")
	for _, p := range []struct {
		probing
		reset string
	}{{defaultProbing, "false"}, {fastProbing, "false"}, {fastProbing, "true"}} {
		t.Run(p.name+", node.resetConnections "+p.reset, func(t *testing.T) {
			// The arguments that led to the cloud are in conflict with the chart's.
			s.runHelm(t, "upgrade", "--force-conflicts", "--set", "admission.mechanism=Policy,controller.replicas=1,dns.replicas=1",
				"--set", p.values(), "--set", "config.node.resetConnections="+p.reset)
			awaitRolloutsOf(t, "deployment/registry-failover-controller", "deployment/registry-failover-prober", "daemonset/registry-failover-resolver")
			var all []takeover
			for n := range *takeovers {
				throw(t, "privatezone")
				awaitHosts(t, "")
				awaitFinding(t, allHealthy)
				forget(t)
				awaitMayMove(t, p.probing)
				took, restore := playTakeover(t, fmt.Sprintf("figure-%d-%s-%d", p.interval/time.Second, p.reset, n), node.Nodes[1:]...)
				restore()
				t.Log(took)
				all = append(all, took)
			}
			tellTakeovers(t, all, p.goal)
		})
	}
	throw(t, "privatezone")
	awaitHosts(t, "")
}

// forget lets automatic mode begin anew, as after an installation, for which one dwell time
// has to pass, instead of three after a return.
func forget(t *testing.T) {
	t.Helper()
	scale := func(replicas string) {
		kubectl(t, "-n", namespace, "scale", "deployment/registry-failover-controller", "--replicas", replicas)
	}
	scale("0")
	await(t, "no controller runs", time.Minute, func(ctx context.Context) error {
		if pods, err := listPods(ctx, "controller"); err == nil {
			return fmt.Errorf("%d do", len(pods))
		}
		return nil
	})
	if err := node.Client.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "registry-failover-automatic", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	scale("1")
	awaitRolloutsOf(t, "deployment/registry-failover-controller")
}

func awaitRolloutsOf(t *testing.T, workloads ...string) {
	t.Helper()
	for _, workload := range workloads {
		kubectl(t, "-n", namespace, "rollout", "status", workload, "--timeout", "2m")
	}
}

func tellTakeovers(t *testing.T, all []takeover, goal time.Duration) {
	t.Helper()
	for _, row := range []struct {
		what string
		of   func(takeover) time.Duration
	}{
		{"switch thrown", func(o takeover) time.Duration { return o.moved }},
		{"last of the nodes' hosts files", func(o takeover) time.Duration { return slices.Max(o.hosts) }},
		{"new pod, no pull in flight", func(o takeover) time.Duration { return o.running[0] }},
		{"new pod behind a pull in flight (serial pulls)", func(o takeover) time.Duration { return o.running[1] }},
		{"new pod beside a pull in flight (parallel pulls)", func(o takeover) time.Duration { return o.running[2] }},
		{"the pod whose pull was in flight (serial pulls)", func(o takeover) time.Duration { return o.held[1] }},
		{"the pod whose pull was in flight (parallel pulls)", func(o takeover) time.Duration { return o.held[2] }},
	} {
		var times []time.Duration
		for _, o := range all {
			times = append(times, row.of(o))
		}
		slices.Sort(times)
		t.Logf("%-50s median %5.1f s, worst %5.1f s, of %d", row.what, median(times).Seconds(), times[len(times)-1].Seconds(), len(times))
	}
	for _, o := range all {
		if o.running[0] > goal {
			t.Errorf("without a pull in flight a pod took %.1f s: the goal is %s", o.running[0].Seconds(), goal)
		}
	}
}
