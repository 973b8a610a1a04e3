package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestStuckPods has pods in kubelet's back-off, and behind a pull that hangs, when the
// switch is thrown.
func TestStuckPods(t *testing.T) {
	s := newScenario(t, 4)
	s.play(t, "helm install with failover.recreateStuckPods", func(s *scenario, t *testing.T) {
		s.runHelm(t, "install", "--set", "config.failover.recreateStuckPods=true,admission.mechanism=Policy,dns.replicas=1,prober.enabled=false")
		awaitSwitch(t, "privatezone")
		for _, workload := range []string{"deployment/registry-failover-controller", "daemonset/registry-failover-resolver"} {
			kubectl(t, "-n", namespace, "rollout", "status", workload, "--timeout", "2m")
		}
	})
	s.play(t, "check knows that the node pulls one image after the other", func(_ *scenario, t *testing.T) { checkSerialPulls(t) })
	s.play(t, "those in back-off that never ran are made anew, and no others", (*scenario).recreateStuck)
	s.play(t, "the controller may delete no other pod", (*scenario).limitDeletions)
	s.play(t, "a node on which a pull hangs is listed, and its pods stay", (*scenario).holdUpANode)
	s.play(t, "helm uninstall leaves nothing", func(s *scenario, t *testing.T) {
		kubectl(t, "-n", shop, "delete", "deployment/web", "deployment/ran", "job/once", "pod/bare", "--now")
		throw(t, "privatezone")
		awaitHosts(t, "")
		if _, err := s.runUninstall(t); err != nil {
			t.Fatal(err)
		}
		awaitNoPods(t)
		s.awaitNothingLeft(t)
	})
}

// stuckWorkloads are a Deployment, a Job that counts each deletion as a failure, and a pod of nobody.
const stuckWorkloads = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ` + shop + `}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: "` + sharedImage + `", imagePullPolicy: Always}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: ` + shop + `}
spec:
  backoffLimit: 0
  template:
    metadata: {labels: {app: once}}
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: "` + sharedImage + `", imagePullPolicy: Always}]
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: ` + shop + `, labels: {app: bare}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: web, image: "` + sharedImage + `", imagePullPolicy: Always}]
`

// ranBefore is a Deployment whose pod runs, and has to pull when it restarts.
const ranBefore = `apiVersion: apps/v1
kind: Deployment
metadata: {name: ran, namespace: ` + shop + `}
spec:
  selector: {matchLabels: {app: ran}}
  template:
    metadata: {labels: {app: ran}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: "` + sharedImage + `", imagePullPolicy: Always}]
`

// recreateStuck lets pods fail four times, after 0, 10, 30 and 70 s at the earliest, so that
// each has a back-off of 80 s, of which most is left.
func (s *scenario) recreateStuck(t *testing.T) {
	if output, err := node.Apply(t.Context(), ranBefore); err != nil {
		t.Fatal(err, output)
	}
	kubectl(t, "-n", shop, "rollout", "status", "deployment/ran", "--timeout", "1m")
	must(t, node.Zhangjiakou.Close())
	defer func() { must(t, node.Zhangjiakou.Start(context.WithoutCancel(t.Context()))) }()
	if err := kill(pids(t, labelled(t.Context(), t, "ran")[0])[0]); err != nil {
		t.Fatal(err)
	}
	if output, err := node.Apply(t.Context(), stuckWorkloads); err != nil {
		t.Fatal(err, output)
	}
	awaitTries(t, 1)
	// A new leader lists all pods at once, and not only after 5 minutes.
	kubectl(t, "-n", namespace, "delete", "pod", "-l", "app.kubernetes.io/component=controller")
	awaitStuck(t, "six pods are told", func(k stuckTold) error {
		if k.Pods != 6 || k.Recreated != 0 {
			return fmt.Errorf("it tells of %d pods, %d anew", k.Pods, k.Recreated)
		}
		return nil
	})
	awaitTries(t, 4)
	before := map[string][]string{}
	for _, app := range []string{"web", "once", "bare", "ran"} {
		before[app] = uids(labelled(t.Context(), t, app))
	}
	thrown := time.Now()
	throw(t, "hangzhou")
	await(t, "the Deployment's pods run", time.Minute, func(ctx context.Context) error { return allReady(labelled(ctx, t, "web"), 3) })
	for _, uid := range uids(labelled(t.Context(), t, "web")) {
		if slices.Contains(before["web"], uid) {
			t.Error("a pod of the Deployment is the one from before")
		}
	}
	t.Logf("three pods run %.1f s after the switch", time.Since(thrown).Seconds())
	awaitStuck(t, "three are told to be made anew", func(k stuckTold) error {
		if k.Pods > 3 || k.Recreated != 3 { // kubelet has tried some of the others again
			return fmt.Errorf("it tells of %d pods, %d anew", k.Pods, k.Recreated)
		}
		return nil
	})
	t.Log("\n" + kubectl(t, "registry-failover", "status"))
	showRecreated(t)

	await(t, "the pods that were left alone run by themselves", 3*time.Minute, func(ctx context.Context) error {
		return errors.Join(allReady(labelled(ctx, t, "once"), 1), allReady(labelled(ctx, t, "bare"), 1), allReady(labelled(ctx, t, "ran"), 1))
	})
	t.Logf("the last of those that were left alone runs %.1f s after it", time.Since(thrown).Seconds())
	for _, app := range []string{"once", "bare", "ran"} {
		if now := uids(labelled(t.Context(), t, app)); !slices.Equal(before[app], now) {
			t.Errorf("%s: the pods were %v and are %v", app, before[app], now)
		}
	}
	if restarts := labelled(t.Context(), t, "ran")[0].Status.ContainerStatuses[0].RestartCount; restarts != 1 {
		t.Errorf("the pod that ran has restarted %d times", restarts)
	}
}

// showRecreated looks for what the controller tells of three pods.
func showRecreated(t *testing.T) {
	t.Helper()
	await(t, "Events and metrics tell of three pods", time.Minute, func(ctx context.Context) error {
		list, err := node.Client.EventsV1().Events(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		pods := map[string]bool{}
		for _, e := range list.Items {
			if e.Reason == "StuckPodRecreated" {
				pods[related(e)] = true
			}
		}
		if len(pods) != 3 {
			return fmt.Errorf("there are Events of %v", pods)
		}
		return metricIs(ctx, "registry_failover_stuck_pods_recreated_total", "3")
	})
}

func related(e eventsv1.Event) string {
	if e.Related == nil {
		return "nothing"
	}
	return e.Related.Kind + " " + e.Related.Namespace + "/" + e.Related.Name
}

// metricIs looks for a sample of the endpoint on any replica of the controller.
func metricIs(ctx context.Context, name, value string) error {
	pods, err := listPods(ctx, "controller")
	if err != nil {
		return err
	}
	var last string
	for _, pod := range pods {
		page, err := get(ctx, "http://"+pod.Status.PodIP+":8082/metrics")
		if err != nil {
			return err
		}
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, name+"{") {
				last = strings.TrimSpace(line)
				if strings.HasSuffix(last, "} "+value) {
					return nil
				}
			}
		}
	}
	return fmt.Errorf("%s is not %s: %q", name, value, last)
}

// limitDeletions tries with the controller's token to delete pods that run.
func (s *scenario) limitDeletions(t *testing.T) {
	controller := as(t, "registry-failover-controller", nil)
	all := append(labelled(t.Context(), t, "web"), labelled(t.Context(), t, "bare")...)
	for _, pod := range all {
		err := controller.CoreV1().Pods(shop).Delete(t.Context(), pod.Name, metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'registry-failover-stuck-pods'") {
			t.Errorf("%s: %v", pod.Name, err)
		}
	}
	if err := controller.CoreV1().Pods(shop).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err == nil {
		t.Error("it may delete all pods at once")
	}
}

// holdUpANode drops packets to the primary, so that the first pull hangs in connecting and
// the second waits for it, for 30 s.
func (s *scenario) holdUpANode(t *testing.T) {
	throw(t, "privatezone")
	awaitHosts(t, "")
	time.Sleep(goCachesHosts) // until then a pull may go to the standby still
	primary := netip.AddrPortFrom(node.Zhangjiakou.Internal, 443)
	restore := dropPackets(t, primary)
	defer restore()
	newPod(t, "hangs", sharedImage)
	awaitConnecting(t, primary, 1)
	newPod(t, "behind", sharedImage)
	await(t, "the second has its network", 20*time.Second, func(ctx context.Context) error {
		pod, err := node.Client.CoreV1().Pods(shop).Get(ctx, "behind", metav1.GetOptions{})
		if err == nil && !slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReadyToStartContainers && c.Status == corev1.ConditionTrue
		}) {
			err = errors.New("it waits for it")
		}
		return err
	})
	throw(t, "hangzhou")
	begin := time.Now()
	awaitStuck(t, "the node is told", func(k stuckTold) error {
		if len(k.Nodes) != 1 || k.Nodes[0].Node != node.Nodes[0].Name || k.Nodes[0].Pods != 2 {
			return fmt.Errorf("it tells of %+v", k.Nodes)
		}
		return nil
	})
	t.Logf("told %.1f s after the switch", time.Since(begin).Seconds())
	t.Log("\n" + kubectl(t, "registry-failover", "status"))
	if err := metricIs(t.Context(), "registry_failover_stuck_nodes", "1"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"hangs", "behind"} {
		await(t, name+" runs in the end", 90*time.Second, func(ctx context.Context) error {
			pod, err := node.Client.CoreV1().Pods(shop).Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			return ready(pod)
		})
	}
	awaitStuck(t, "no node is told", func(k stuckTold) error {
		if len(k.Nodes) != 0 {
			return fmt.Errorf("it tells of %+v", k.Nodes)
		}
		return nil
	})
	deletePod(t, shop, "hangs")
	deletePod(t, shop, "behind")
}

// checkSerialPulls asks with all rights, and with those of somebody who may read only.
func checkSerialPulls(t *testing.T) {
	if got := kubectl(t, "get", "--raw", "/api/v1/nodes/"+node.Nodes[0].Name+"/proxy/configz"); !strings.Contains(got, `"serializeImagePulls":true`) {
		t.Fatalf("the node isn't as this test wants it: %s", got)
	}
	for who, want := range map[string]string{
		"":    "holds up all pods of the node, on the node " + node.Nodes[0].Name,
		"dev": "? kubelet's configuration may not be read with this kubeconfig",
	} {
		args := []string{"registry-failover", "check"}
		if who != "" {
			kubectl(t, "create", "clusterrolebinding", "viewer", "--clusterrole", "view", "--user", who)
			kubectl(t, "create", "clusterrole", "nodes", "--verb", "list", "--resource", "nodes")
			kubectl(t, "create", "clusterrolebinding", "nodes", "--clusterrole", "nodes", "--user", who)
			args = append(args, "--as", who)
		}
		output, err := node.Kubectl(t.Context(), args...)
		if text := output + fmt.Sprint(err); !strings.Contains(text, want) {
			t.Errorf("as %q, check says:\n%s", who, text)
		}
	}
	kubectl(t, "delete", "clusterrolebinding/viewer", "clusterrolebinding/nodes", "clusterrole/nodes")
}

// stuckTold is what matters here of what status tells.
type stuckTold struct {
	Pods, Recreated int
	Nodes           []struct {
		Node string
		Pods int
	}
}

// awaitStuck waits until status tells what is wanted of the endpoint.
func awaitStuck(t *testing.T, what string, wanted func(stuckTold) error) {
	t.Helper()
	await(t, what, time.Minute, func(ctx context.Context) error {
		output, err := node.Kubectl(ctx, "registry-failover", "status", "-o", "json")
		var told struct{ Stuck []stuckTold }
		if unread := json.Unmarshal([]byte(output), &told); unread != nil {
			return errors.Join(err, unread)
		}
		if len(told.Stuck) != 1 {
			return fmt.Errorf("it tells %+v", told.Stuck)
		}
		return wanted(told.Stuck[0])
	})
}

// awaitTries waits until the pull of every pod has failed so often.
func awaitTries(t *testing.T, times int32) {
	t.Helper()
	await(t, fmt.Sprintf("every pod waits after %d tries", times), 4*time.Minute, func(ctx context.Context) error {
		tried, err := pullsTried(ctx)
		if err != nil {
			return err
		}
		for app, count := range map[string]int{"web": 3, "once": 1, "bare": 1, "ran": 1} {
			pods := labelled(ctx, t, app)
			if len(pods) != count {
				return fmt.Errorf("%s: there are %d pods", app, len(pods))
			}
			for _, p := range pods {
				if !inBackOff(p) || tried[p.UID] < times {
					return fmt.Errorf("%s has tried %d times", p.Name, tried[p.UID])
				}
			}
		}
		return nil
	})
}

// pullsTried counts each pod's attempts.
func pullsTried(ctx context.Context) (map[types.UID]int32, error) {
	list, err := node.Client.CoreV1().Events(shop).List(ctx, metav1.ListOptions{FieldSelector: "reason=Pulling"})
	if err != nil {
		return nil, err
	}
	tried := map[types.UID]int32{}
	for _, e := range list.Items {
		tried[e.InvolvedObject.UID] += max(1, e.Count)
	}
	return tried, nil
}

// labelled are the pods of an app that aren't ending.
func labelled(ctx context.Context, t *testing.T, app string) []corev1.Pod {
	t.Helper()
	list, err := node.Client.CoreV1().Pods(shop).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
	if ctx.Err() != nil {
		return nil
	}
	must(t, err)
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil })
}

func uids(pods []corev1.Pod) (all []string) {
	for _, p := range pods {
		all = append(all, string(p.UID))
	}
	slices.Sort(all)
	return all
}

func inBackOff(p corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.State.Waiting != nil && (s.State.Waiting.Reason == "ErrImagePull" || s.State.Waiting.Reason == "ImagePullBackOff")
	})
}

func allReady(pods []corev1.Pod, count int) error {
	if len(pods) != count {
		return fmt.Errorf("there are %d pods", len(pods))
	}
	var all []error
	for _, p := range pods {
		all = append(all, ready(&p))
	}
	return errors.Join(all...)
}

// awaitNoPods waits for the end of those that were deleted.
func awaitNoPods(t *testing.T) {
	t.Helper()
	await(t, "the shop has no pods", time.Minute, func(ctx context.Context) error {
		list, err := node.Client.CoreV1().Pods(shop).List(ctx, metav1.ListOptions{})
		if err == nil && len(list.Items) > 0 {
			err = fmt.Errorf("there are %d", len(list.Items))
		}
		return err
	})
}
