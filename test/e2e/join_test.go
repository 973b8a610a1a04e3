package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/startuptaint"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestJoin starts a second node in the middle of a failover.
func TestJoin(t *testing.T) {
	s := newScenario(t, 4)
	s.play(t, "with startupTaint, and a dead primary, the switch is thrown", (*scenario).failOverBeforeJoin)
	s.play(t, "a node that joins with the taint takes pods when its block stands", (*scenario).joinTainted)
	s.play(t, "the controller may do nothing else to a node", (*scenario).limitNodePatches)
	s.play(t, "on one that joins without it, under the same name, a pod that comes first runs in the end", (*scenario).joinUntainted)
	s.play(t, "helm uninstall leaves nothing", (*scenario).uninstallAfterJoin)
}

func (s *scenario) failOverBeforeJoin(t *testing.T) {
	// Without a webhook: nobody waits for its pods, which end slowly.
	s.runHelm(t, "install", "--set", "node.startupTaint=true", "--set", "admission.mechanism=Policy")
	awaitSwitch(t, "privatezone")
	for _, workload := range []string{"deployment/registry-failover-controller", "daemonset/registry-failover-resolver"} {
		kubectl(t, "-n", namespace, "rollout", "status", workload, "--timeout", "2m")
	}
	if err := node.Zhangjiakou.Close(); err != nil {
		t.Fatal(err)
	}
	throw(t, "hangzhou")
	t.Log("\n" + kubectl(t, "registry-failover", "status", "--wait"))
}

// A joining is when what happened, after kubelet was started.
type joining struct {
	ready, resolver, block, free, running time.Duration
	// tooEarly tells of a pod that was let onto the node before its block stood.
	tooEarly string
}

func (j joining) String() string {
	text := "after kubelet was started:"
	for _, event := range []struct {
		what string
		when time.Duration
	}{{"node Ready", j.ready}, {"resolver running", j.resolver}, {"block", j.block}, {"taint gone", j.free}, {"pod ready", j.running}} {
		text += fmt.Sprintf(" %s %.1f s", event.what, event.when.Seconds())
	}
	return text
}

// join starts a node and at once a pod that can run nowhere else.
func join(t *testing.T, pod string, kubeletArgs ...string) (*cluster.Node, joining) {
	t.Helper()
	joined, err := node.AddNode(t.Context(), kubeletArgs...)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	newPinnedPod(t, pod, sharedImage, joined.Name)
	var j joining
	await(t, "the pod on the new node is ready", time.Minute, func(ctx context.Context) error {
		return j.look(ctx, begin, joined, pod)
	})
	return joined, j
}

// look notes what has happened since it looked last, and returns nil when all has.
func (j *joining) look(ctx context.Context, begin time.Time, n *cluster.Node, pod string) error {
	note := func(when *time.Duration, happened bool) {
		if happened && *when == 0 {
			*when = time.Since(begin)
		}
	}
	// First what must not come before the other.
	stored, err := node.Client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	workload, err := node.Client.CoreV1().Pods(shop).Get(ctx, pod, metav1.GetOptions{})
	if err != nil {
		return err
	}
	hosts, err := os.ReadFile(n.Etc("hosts"))
	if err != nil {
		return err
	}
	block := strings.Contains(string(hosts), node.Hangzhou.Internal.String()+" "+cluster.Endpoint+"\n")
	free := !slices.ContainsFunc(stored.Spec.Taints, func(t corev1.Taint) bool { return t.Key == startuptaint.Key })
	note(&j.block, block)
	note(&j.free, free)
	note(&j.ready, slices.ContainsFunc(stored.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	}))
	note(&j.running, ready(workload) == nil)
	resolvers, err := listPods(ctx, "resolver")
	if err != nil {
		return err
	}
	for _, r := range resolvers {
		note(&j.resolver, r.Spec.NodeName == n.Name && running(&r) == nil)
	}
	if !block && (free || workload.Spec.NodeName != "") {
		j.tooEarly = fmt.Sprintf("taint gone: %t, pod on %q, while the hosts file holds %q", free, workload.Spec.NodeName, hosts)
	}
	return ready(workload)
}

// newPinnedPod creates one that pulls image in any case, on the node with this name, where the scheduler lets it.
func newPinnedPod(t *testing.T, name, image, on string) {
	t.Helper()
	_, err := node.Client.CoreV1().Pods(shop).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			NodeSelector:                  map[string]string{corev1.LabelHostname: on},
			Containers:                    []corev1.Container{{Name: "web", Image: image, ImagePullPolicy: corev1.PullAlways}},
			TerminationGracePeriodSeconds: new(int64),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

const withTaint = "--register-with-taints=" + startuptaint.Key + "=:NoSchedule"

func (s *scenario) joinTainted(t *testing.T) {
	before := countPulls()
	joined, figures := join(t, "joiner", withTaint)
	t.Log(figures)
	if figures.tooEarly != "" {
		t.Error(figures.tooEarly)
	}
	before.pulledFrom(t, "hangzhou")
	status := kubectl(t, "registry-failover", "status", "--wait")
	if !strings.Contains(status, "2 of 2 nodes switched") {
		t.Errorf("status says %s", status)
	}
	deletePod(t, shop, "joiner")
	if err := node.RemoveNode(t.Context(), joined); err != nil {
		t.Fatal(err)
	}
}

// limitNodePatches tries with the controller's token what else could be patched.
func (s *scenario) limitNodePatches(t *testing.T) {
	controller := as(t, "registry-failover-controller", nil)
	for _, patch := range []string{
		`{"spec":{"unschedulable":true}}`,
		`{"spec":{"taints":[{"key":"` + startuptaint.Key + `","effect":"NoExecute"}]}}`,
		`{"spec":{"taints":[{"key":"other","effect":"NoSchedule"}]}}`,
		`{"metadata":{"labels":{"pool":"other"}}}`,
		`{"metadata":{"annotations":{"pool":"other"}}}`,
		`{"metadata":{"finalizers":["example.com/never"]}}`,
	} {
		_, err := controller.CoreV1().Nodes().Patch(t.Context(), node.Nodes[0].Name, types.MergePatchType, []byte(patch),
			metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'registry-failover-nodes'") {
			t.Errorf("%s: %v", patch, err)
		}
	}
	if _, err := controller.CoreV1().Nodes().PatchStatus(t.Context(), node.Nodes[0].Name, []byte(`{"status":{}}`)); err == nil {
		t.Error("it may write the status")
	}
}

func (s *scenario) joinUntainted(t *testing.T) {
	before := countPulls()
	joined, figures := join(t, "early")
	t.Log(figures)
	before.pulledFrom(t, "hangzhou")
	deletePod(t, shop, "early")
	if err := node.RemoveNode(t.Context(), joined); err != nil {
		t.Fatal(err)
	}
}

func (s *scenario) uninstallAfterJoin(t *testing.T) {
	if err := node.Zhangjiakou.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	throw(t, "privatezone")
	awaitHosts(t, "")
	if _, err := s.runUninstall(t); err != nil {
		t.Fatal(err)
	}
	s.awaitNothingLeft(t)
}
