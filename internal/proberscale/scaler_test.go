package proberscale

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func node(name string, edits ...func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"kubernetes.io/os": "linux"}},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
	}
	for _, edit := range edits {
		edit(n)
	}
	return n
}

func taint(effect corev1.TaintEffect) func(*corev1.Node) {
	return func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{{Key: "k", Effect: effect}} }
}

func TestWhichNodesAProberCanRunOn(t *testing.T) {
	for sentence, test := range map[string]struct {
		node *corev1.Node
		want bool
	}{
		"an ordinary one":            {node("a"), true},
		"a cordoned one":             {node("a", func(n *corev1.Node) { n.Spec.Unschedulable = true }), false},
		"a virtual one":              {node("a", func(n *corev1.Node) { n.Labels["type"] = "virtual-kubelet" }), false},
		"one with Windows":           {node("a", func(n *corev1.Node) { n.Labels["kubernetes.io/os"] = "windows" }), false},
		"one that isn't ready":       {node("a", func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionUnknown }), false},
		"a new one":                  {node("a", func(n *corev1.Node) { n.Status.Conditions = nil }), false},
		"one with a taint":           {node("a", taint(corev1.TaintEffectNoSchedule)), false},
		"one that evicts":            {node("a", taint(corev1.TaintEffectNoExecute)), false},
		"one that is rather avoided": {node("a", taint(corev1.TaintEffectPreferNoSchedule)), true},
	} {
		if got := suits(test.node); got != test.want {
			t.Errorf("%s: %t", sentence, got)
		}
	}
}

func TestMoreAtOnceAndFewerLater(t *testing.T) {
	begin := time.Unix(0, 0)
	var p plan
	for n, step := range []struct {
		nodes, minute, want int
	}{
		{3, 0, 3}, {100, 1, 15}, {3, 2, 15}, {3, 6, 15}, {14, 6, 15}, {15, 6, 15}, {2, 8, 15}, {2, 12, 15}, {2, 13, 2}, {0, 14, 2}, {0, 19, 0}, {1, 20, 1},
	} {
		if p = p.next(step.nodes, begin.Add(time.Duration(step.minute)*time.Minute)); p.wanted != step.want {
			t.Fatalf("step %d: with %d nodes after %d minutes it is %d", n, step.nodes, step.minute, p.wanted)
		}
	}
}

// A cluster is one with a Deployment whose scale is kept beside it, as client-go's fake doesn't.
type cluster struct {
	*fake.Clientset
	replicas, patches atomic.Int32
	failing           atomic.Bool
}

func newCluster(replicas int32, nodes int) *cluster {
	c := &cluster{Clientset: fake.NewClientset()}
	c.replicas.Store(replicas)
	for n := range nodes {
		_ = c.Tracker().Add(node(fmt.Sprintf("node-%02d", n)))
	}
	scale := func() *autoscalingv1.Scale {
		return &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: Name}, Spec: autoscalingv1.ScaleSpec{Replicas: c.replicas.Load()}}
	}
	c.PrependReactor("get", "deployments", func(ktesting.Action) (bool, runtime.Object, error) {
		if c.failing.Load() {
			return true, nil, errors.New("forbidden")
		}
		return true, scale(), nil
	})
	c.PrependReactor("patch", "deployments", func(a ktesting.Action) (bool, runtime.Object, error) {
		patch := a.(ktesting.PatchAction)
		if patch.GetSubresource() != "scale" || patch.GetName() != Name {
			return true, nil, errors.New("which nobody allows")
		}
		c.patches.Add(1)
		var n int32
		_, err := fmt.Sscanf(string(patch.GetPatch()), `{"spec":{"replicas":%d}}`, &n)
		c.replicas.Store(n)
		return true, nil, err
	})
	return c
}

// lead runs a scaler in a synctest bubble.
func lead(t *testing.T, c *cluster, test func(s *Scaler)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Nodes: c.CoreV1().Nodes(), Deployments: c.AppsV1().Deployments("registry-failover"), Log: slog.New(slog.DiscardHandler)})
		if s.Wanted() >= 0 {
			t.Error("it knows at once")
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Start(ctx) }()
		synctest.Wait()
		test(s)
		cancel()
		if err := <-done; err != nil || s.Wanted() >= 0 {
			t.Errorf("%v, and %d are wanted by one that doesn't lead", err, s.Wanted())
		}
	})
}

func TestTheDeploymentIsScaledToTheNodes(t *testing.T) {
	for nodes, want := range map[int]int{1: 1, 3: 3, 15: 15, 120: 15} {
		c := newCluster(1, nodes)
		lead(t, c, func(s *Scaler) {
			if c.replicas.Load() != int32(want) || s.Wanted() != want {
				t.Errorf("of %d nodes: %d replicas, %d wanted", nodes, c.replicas.Load(), s.Wanted())
			}
			before := c.patches.Load()
			time.Sleep(10 * time.Minute)
			if c.patches.Load() != before {
				t.Errorf("%d patches without need", c.patches.Load()-before)
			}
		})
	}
}

func TestNodesThatAreAwayForAWhileLeaveTheProbers(t *testing.T) {
	c := newCluster(3, 1)
	lead(t, c, func(s *Scaler) {
		if c.replicas.Load() != 3 || s.Wanted() != 3 {
			t.Errorf("a new leader has %d replicas and wants %d", c.replicas.Load(), s.Wanted())
		}
		time.Sleep(8 * time.Minute)
		if c.replicas.Load() != 1 || s.Wanted() != 1 {
			t.Errorf("in the end %d replicas, %d wanted", c.replicas.Load(), s.Wanted())
		}
	})
}

func TestAFailureIsTriedAgain(t *testing.T) {
	c := newCluster(1, 3)
	c.failing.Store(true)
	lead(t, c, func(s *Scaler) {
		if s.Wanted() >= 0 {
			t.Errorf("%d are wanted", s.Wanted())
		}
		time.Sleep(12 * time.Second)
		c.failing.Store(false)
		time.Sleep(12 * time.Second)
		if s.Wanted() != 3 || c.replicas.Load() != 3 {
			t.Errorf("%d are wanted, %d are there", s.Wanted(), c.replicas.Load())
		}
	})
}
