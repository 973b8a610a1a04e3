package stuckpods

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/published"
)

// dawn is when a bubble of synctest begins.
var dawn = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestPodsThatWaitAreCountedAndListed(t *testing.T) {
	play(t, false, func(c *cluster) {
		compare(t, Status{
			At: dawn, Pods: 2, Nodes: []HeldUpNode{}, Switch: c.watcher.switches[endpoint].Hash,
			List: []Waiting{
				{"shop", "ran", "ReplicaSet/web-5d4", image, "node-b", dawn.Add(-time.Hour), ""},
				{"shop", "web-1", "ReplicaSet/web-5d4", image, "node-a", dawn.Add(-time.Minute), ""},
			},
		}, c.status())
		must(t, testutil.GatherAndCompare(c.registry, strings.NewReader(`
# HELP registry_failover_stuck_nodes Nodes on which a pull of the shared endpoint hangs since before the switch, or waits behind one that does; absent on a replica that doesn't lead.
# TYPE registry_failover_stuck_nodes gauge
registry_failover_stuck_nodes{endpoint="cross-region.registry.io"} 0
# HELP registry_failover_stuck_pods Pods that kubelet's back-off keeps waiting for an image of the shared endpoint; absent on a replica that doesn't lead.
# TYPE registry_failover_stuck_pods gauge
registry_failover_stuck_pods{endpoint="cross-region.registry.io"} 2
# HELP registry_failover_stuck_pods_recreated_total Pods that were deleted after a switch so that their controllers make new ones.
# TYPE registry_failover_stuck_pods_recreated_total counter
registry_failover_stuck_pods_recreated_total{endpoint="cross-region.registry.io"} 0
`)))
		c.end()
		if n, err := testutil.GatherAndCount(c.registry, "registry_failover_stuck_pods"); err != nil || n != 0 {
			t.Errorf("a replica that leads no longer tells of %d endpoints: %v", n, err)
		}
		c.lead()
	},
		stuck("web-1", "node-a", "ImagePullBackOff", dawn.Add(-time.Minute)),
		stuck("ran", "node-b", "ErrImagePull", dawn.Add(-time.Hour), hasRun),
		stuck("fine", "node-b", "", dawn.Add(-time.Hour), func(p *corev1.Pod) { p.Status.ContainerStatuses[0].State = running() }),
	)
}

// hasRun is for a pod that is Running, and whose container waits to start again.
func hasRun(p *corev1.Pod) {
	p.Status.Phase = corev1.PodRunning
	p.Status.ContainerStatuses[0].RestartCount = 3
}

func TestAtRestNothingIsAskedBesideTheSurvey(t *testing.T) {
	play(t, true, func(c *cluster) {
		c.api.ClearActions()
		pass(9 * time.Minute)
		for _, a := range c.api.Actions() {
			t.Errorf("it asks to %s %s", a.GetVerb(), a.GetResource().Resource)
		}
		c.survey()
		pass(time.Minute)
		c.survey()
		pass(time.Second)
		if at := c.status().At; !at.After(dawn) {
			t.Errorf("the status is of %s still", at)
		}
	}, stuck("web-1", "node-a", "ImagePullBackOff", dawn.Add(-time.Minute)))
}

func TestAfterASwitchPodsAreMadeAnewOneByOne(t *testing.T) {
	var pods []*corev1.Pod
	for n := range 4 {
		pods = append(pods, stuck(fmt.Sprintf("web-%d", n), "node-a", "ImagePullBackOff", dawn.Add(time.Duration(n)*time.Second)))
	}
	pods = append(pods,
		stuck("bare", "node-a", "ImagePullBackOff", dawn, func(p *corev1.Pod) { p.OwnerReferences = nil }),
		stuck("elsewhere", "node-b", "ImagePullBackOff", dawn),
		stuck("ran", "node-a", "ImagePullBackOff", dawn, hasRun),
	)
	play(t, true, func(c *cluster) {
		pass(2 * time.Minute)
		compare(t, 7, len(c.pods()))
		c.throw("hangzhou")
		c.move("node-a", "hangzhou")
		pass(7*time.Second - time.Millisecond)
		compare(t, 7, len(c.pods()))
		pass(time.Second)
		compare(t, []string{"bare", "elsewhere", "ran", "web-1", "web-2", "web-3"}, c.pods())
		pass(2 * time.Second)
		compare(t, []string{"bare", "elsewhere", "ran", "web-2", "web-3"}, c.pods())
		pass(time.Minute)
		compare(t, []string{"bare", "elsewhere", "ran"}, c.pods())

		for _, a := range c.api.Actions() {
			if d, is := a.(clienttesting.DeleteActionImpl); is && d.Name == "web-0" {
				compare(t, "uid-of-web-0 7", fmt.Sprint(*d.DeleteOptions.Preconditions.UID, " ", *d.DeleteOptions.Preconditions.ResourceVersion))
			}
		}
		select {
		case got := <-c.events.Events:
			const want = "Normal StuckPodRecreated cross-region.registry.io: deleted the pod shop/web-0 of ReplicaSet/web-5d4 on node-a: " +
				"it has waited for cross-region.registry.io/demo/web:1 since 2000-01-01T00:00:00Z, and kubelet's back-off would go on"
			compare(t, want, got)
		default:
			t.Error("there is no Event")
		}
		s := c.status()
		if s.Pods != 3 || s.Recreated != 4 || s.SwitchSince == nil || !s.SwitchSince.Equal(dawn.Add(2*time.Minute)) {
			t.Errorf("the status is %+v", s)
		}
		left := map[string]string{}
		for _, w := range s.List {
			left[w.Name] = w.Left
		}
		compare(t, map[string]string{"bare": NotReplaced.Sentence(), "elsewhere": NodeNotMoved.Sentence(), "ran": HasRun.Sentence()}, left)
		if n := testutil.ToFloat64(c.watcher.metrics.recreated.WithLabelValues(endpoint)); n != 4 {
			t.Errorf("the metric says %v", n)
		}
	}, pods...)
}

func TestWithoutTheSettingNoPodIsDeleted(t *testing.T) {
	play(t, false, func(c *cluster) {
		pass(2 * time.Minute)
		c.throw("hangzhou")
		c.move("node-a", "hangzhou")
		pass(10 * time.Minute)
		compare(t, []string{"web"}, c.pods())
	}, stuck("web", "node-a", "ImagePullBackOff", dawn))
}

func TestAPodThatChangesMeanwhileIsLookedAtAnew(t *testing.T) {
	play(t, true, func(c *cluster) {
		var deletions atomic.Int32
		c.api.PrependReactor("delete", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			deletions.Add(1)
			return true, nil, apierrors.NewConflict(schema.GroupResource{Resource: "pods"}, "web", errors.New("it is another version"))
		})
		pass(2 * time.Minute)
		c.throw("hangzhou")
		c.move("node-a", "hangzhou")
		pass(9 * time.Second)
		if n := deletions.Load(); n != 1 { // after 7 s
			t.Errorf("it was tried %d times between two looks", n)
		}
		pass(2 * time.Second) // a look comes after 10 s
		if n := deletions.Load(); n != 2 {
			t.Errorf("it was tried %d times after two looks", n)
		}
	}, stuck("web", "node-a", "ImagePullBackOff", dawn))
}

func TestAMissingRightStopsNothingElse(t *testing.T) {
	play(t, true, func(c *cluster) {
		c.api.PrependReactor("delete", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "web", nil)
		})
		pass(2 * time.Minute)
		c.throw("hangzhou")
		c.move("node-a", "hangzhou")
		pass(time.Minute)
		if s := c.status(); s.Pods != 1 || s.Recreated != 0 {
			t.Errorf("the status is %+v", s)
		}
	}, stuck("web", "node-a", "ImagePullBackOff", dawn))
}

func TestThePaceOfLooks(t *testing.T) {
	play(t, false, func(c *cluster) {
		c.throw("hangzhou")
		pass(time.Minute - time.Millisecond)
		compare(t, int32(12), c.looks.Load())
		pass(9 * time.Minute)
		if n := c.looks.Load(); n < 46 || n > 49 {
			t.Errorf("%d looks within 10 minutes", n)
		}
		before := c.looks.Load()
		pass(time.Hour)
		compare(t, before, c.looks.Load())
	})
}

func TestAnotherReasonIsNoOtherSwitch(t *testing.T) {
	play(t, true, func(c *cluster) {
		pass(time.Minute)
		c.throw("hangzhou")
		pass(10 * time.Second)
		c.throw("to: hangzhou\nreason: for the record")
		pass(20 * time.Second)
		if s := c.status(); s.SwitchSince == nil || !s.SwitchSince.Equal(dawn.Add(time.Minute)) {
			t.Errorf("the switch is of %v", s.SwitchSince)
		}
		c.throw("hangzou")
		pass(20 * time.Second)
		if s := c.status(); !s.SwitchSince.Equal(dawn.Add(time.Minute)) {
			t.Errorf("what isn't valid is a switch since %v", s.SwitchSince)
		}
		c.throw("privatezone")
		pass(20 * time.Second)
		if s := c.status(); !s.SwitchSince.Equal(dawn.Add(110 * time.Second)) {
			t.Errorf("the switch back is of %v", s.SwitchSince)
		}
	})
}

func TestTheNextLeaderGoesOn(t *testing.T) {
	play(t, true, func(c *cluster) {
		pass(2 * time.Minute)
		c.throw("hangzhou")
		c.move("node-a", "hangzhou")
		pass(20 * time.Second)
		compare(t, []string{"late-1"}, c.pods())
		c.end()
		c.move("node-b", "hangzhou")
		c.lead()
		pass(11 * time.Second)
		compare(t, []string{}, c.pods())
		pass(20 * time.Second)
		if s := c.status(); s.Recreated != 2 || s.Pods != 0 || !s.SwitchSince.Equal(dawn.Add(2*time.Minute)) {
			t.Errorf("the status is %+v", s)
		}
		c.end()
		c.put(stuck("late", "node-a", "ImagePullBackOff", time.Now()))
		pass(time.Minute)
		c.throw("privatezone")
		c.move("node-a", "privatezone")
		pass(10 * time.Second)
		c.lead() // and has to know by itself that there was a switch
		pass(time.Second)
		compare(t, []string{}, c.pods())
	},
		stuck("web-0", "node-a", "ImagePullBackOff", dawn),
		stuck("late-1", "node-b", "ImagePullBackOff", dawn))
}

// TestALeaderWhoseClockWasAhead leaves a time that would keep the next one looking for ever.
func TestALeaderWhoseClockWasAhead(t *testing.T) {
	play(t, true, func(c *cluster) {
		pass(time.Minute)
		c.throw("hangzhou")
		pass(10 * time.Second)
		c.end()
		s := c.status()
		s.SwitchSince = new(dawn.AddDate(100, 0, 0))
		must(t, published.PutStatus(t.Context(), published.InConfigMaps(c.api.CoreV1().ConfigMaps(namespace)), endpoint, "stuck", s))
		c.lead()
		c.survey()
		pass(11 * time.Minute)
		before := c.looks.Load()
		pass(time.Hour)
		compare(t, before, c.looks.Load())
	})
}

func TestASwitchThatNobodySawDeletesNothing(t *testing.T) {
	play(t, true, func(c *cluster) {
		c.end()
		must(t, c.api.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "registry-failover-status", metav1.DeleteOptions{}))
		pass(2 * time.Minute)
		c.throw("hangzhou")
		c.move("node-a", "hangzhou")
		c.lead()
		c.survey()
		pass(5 * time.Minute)
		compare(t, []string{"web"}, c.pods())
	}, stuck("web", "node-a", "ImagePullBackOff", dawn))
}

func TestNodesOnWhichAPullHangsSinceBeforeTheSwitch(t *testing.T) {
	other := func(p *corev1.Pod) { p.Spec.Containers[0].Image = "docker.io/library/nginx" }
	play(t, true, func(c *cluster) {
		pass(time.Minute)
		c.throw("hangzhou")
		c.move("node-a", "hangzhou")
		c.move("node-c", "hangzhou")
		pass(20 * time.Second)
		c.put(stuck("younger", "node-c", "ContainerCreating", time.Now()))
		pass(20 * time.Second)
		s := c.status()
		compare(t, []HeldUpNode{{"node-a", 3, dawn.Add(time.Second)}}, s.Nodes)
		if s.NodeCount != 1 || s.Pods != 0 {
			t.Errorf("the status is %+v", s)
		}
		compare(t, 6, len(c.pods()))
	},
		stuck("hangs", "node-a", "ContainerCreating", dawn.Add(time.Second)),
		stuck("behind", "node-a", "ContainerCreating", dawn.Add(2*time.Second)),
		stuck("behind-too", "node-a", "ContainerCreating", dawn, other),
		stuck("not-moved", "node-b", "ContainerCreating", dawn),
		stuck("other", "node-c", "ContainerCreating", dawn, other),
	)
}

func TestAListThatFailsKeepsWhatWasSeen(t *testing.T) {
	play(t, false, func(c *cluster) {
		c.api.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, errors.New("the API server is away")
		})
		c.throw("hangzhou")
		pass(time.Minute)
		if s := c.status(); s.Pods != 1 || !s.At.Equal(dawn) {
			t.Errorf("the status is %+v", s)
		}
	}, stuck("web", "node-a", "ImagePullBackOff", dawn.Add(-time.Minute)))
}

// TestAnOldSurveyIsNoNews has one that began before a look and ends after it.
func TestAnOldSurveyIsNoNews(t *testing.T) {
	old := stuck("web", "node-a", "ImagePullBackOff", dawn.Add(-time.Minute))
	restarts := stuck("restarts", "node-a", "ImagePullBackOff", dawn, hasRun)
	play(t, false, func(c *cluster) {
		visit, end := c.watcher.Begin()
		visit(old)
		visit(restarts)
		pass(time.Second)
		must(t, c.api.CoreV1().Pods("shop").Delete(t.Context(), "web", metav1.DeleteOptions{}))
		c.throw("hangzhou")
		end()
		pass(20 * time.Second)
		s := c.status()
		if s.Pods != 1 || s.List[0].Name != "restarts" {
			t.Errorf("the status is %+v", s)
		}
	}, old)
}

// TestALookThatFailsMakesNoSurveyOld has a survey that begins before a look that fails.
func TestALookThatFailsMakesNoSurveyOld(t *testing.T) {
	play(t, false, func(c *cluster) {
		var failing atomic.Bool
		c.api.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			return failing.Load(), nil, errors.New("the API server is away")
		})
		c.throw("hangzhou")
		pass(10*time.Minute - 20*time.Second)
		visit, end := c.watcher.Begin()
		failing.Store(true)
		pass(time.Hour)
		visit(stuck("web", "node-a", "ImagePullBackOff", dawn))
		end()
		pass(time.Minute)
		if s := c.status(); s.Pods != 1 {
			t.Errorf("the status is %+v", s)
		}
	})
}
