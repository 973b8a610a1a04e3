package readiness

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// running is a pod with each image, of a cluster in which all is as it should be.
func running(images ...string) []*corev1.Pod {
	var pods []*corev1.Pod
	for _, i := range images {
		pods = append(pods, podOf("shop", "pod-"+i, nil, nil, shared+"/demo/"+i+":1"))
	}
	return pods
}

func TestAStandbyThatLacksAnImage(t *testing.T) {
	during(t, "", running("web", "pay"), func(w *world) {
		for _, i := range []*instance{w.hangzhou, w.zhangjiakou} {
			i.has("demo/web:1", digest)
			i.has("demo/pay:1", digest)
		}
		w.expect(10*time.Second, "hangzhou", InstanceStatus{Present: 2, Share: 1})
		w.expect(0, "zhangjiakou", InstanceStatus{Present: 2, Share: 1})
		if events := w.told(); events != nil {
			t.Errorf("that all is well from the beginning is told: %v", events)
		}
		if s, _ := w.status(); !s.Complete || s.Images != 2 || s.Conditions[0].Status != "True" {
			t.Errorf("got %+v", s)
		}
		w.hangzhou.has("demo/pay:1", "")
		w.expect(9*time.Hour, "hangzhou", InstanceStatus{Present: 1, Missing: 1, Share: 0.5, PodsBlocked: 1})
		s, _ := w.status()
		if c := s.Conditions[0]; c.Status != "False" || c.Reason != PodsBlocked || c.Message != "hangzhou lacks 1 of 2 images: 1 pod could not start" {
			t.Errorf("got %+v", c)
		}
		want := []string{"Warning StandbyNotReady " + shared + ": hangzhou lacks 1 of 2 images: 1 pod could not start"}
		if diff := cmp.Diff(want, w.told()); diff != "" {
			t.Error(diff)
		}
		if images := w.images(); len(images.Images) != 1 || images.Images[0].Image != shared+"/demo/pay:1" || images.Images[0].Workloads[0] != "shop/Pod/pod-pay" {
			t.Errorf("got %+v", images)
		}
		must(t, testutil.GatherAndCompare(w.metrics, strings.NewReader(`
# HELP registry_failover_readiness_images Images that the cluster's workloads name of the endpoint, by what is found of them on the instance; absent on a replica that doesn't lead.
# TYPE registry_failover_readiness_images gauge
registry_failover_readiness_images{endpoint="cross-region.registry.io",finding="missing",instance="hangzhou"} 1
registry_failover_readiness_images{endpoint="cross-region.registry.io",finding="missing",instance="zhangjiakou"} 0
registry_failover_readiness_images{endpoint="cross-region.registry.io",finding="present",instance="hangzhou"} 1
registry_failover_readiness_images{endpoint="cross-region.registry.io",finding="present",instance="zhangjiakou"} 2
registry_failover_readiness_images{endpoint="cross-region.registry.io",finding="stale",instance="hangzhou"} 0
registry_failover_readiness_images{endpoint="cross-region.registry.io",finding="stale",instance="zhangjiakou"} 0
registry_failover_readiness_images{endpoint="cross-region.registry.io",finding="unknown",instance="hangzhou"} 0
registry_failover_readiness_images{endpoint="cross-region.registry.io",finding="unknown",instance="zhangjiakou"} 0
registry_failover_readiness_images{endpoint="cross-region.registry.io",finding="unreadable",instance="hangzhou"} 0
registry_failover_readiness_images{endpoint="cross-region.registry.io",finding="unreadable",instance="zhangjiakou"} 0
# HELP registry_failover_readiness_pods_blocked Pods that run now and could not be started anew from the instance: an image is missing, or no credential of theirs does; absent on a replica that doesn't lead.
# TYPE registry_failover_readiness_pods_blocked gauge
registry_failover_readiness_pods_blocked{endpoint="cross-region.registry.io",instance="hangzhou"} 1
registry_failover_readiness_pods_blocked{endpoint="cross-region.registry.io",instance="zhangjiakou"} 0
`), "registry_failover_readiness_images", "registry_failover_readiness_pods_blocked"))
		w.hangzhou.has("demo/pay:1", digest)
		w.expect(3*time.Hour, "hangzhou", InstanceStatus{Present: 2, Share: 1})
		if diff := cmp.Diff([]string{"Normal StandbyReady " + shared + ": every standby has all images"}, w.told()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAnImageThatWasJustPushed takes a few minutes to the standby, which is no news.
func TestAnImageThatWasJustPushed(t *testing.T) {
	pods := running("web", "new")
	during(t, "", pods, func(w *world) {
		for _, i := range []*instance{w.hangzhou, w.zhangjiakou} {
			i.has("demo/web:1", digest)
			i.has("demo/new:1", digest)
		}
		w.expect(10*time.Second, "hangzhou", InstanceStatus{Present: 2, Share: 1})
		w.hangzhou.has("demo/new:1", "")
		w.runs(pods[1], other)
		w.zhangjiakou.has("demo/new:1", other)
		w.expect(6*time.Minute, "hangzhou", InstanceStatus{Present: 1, Missing: 1, Share: 0.5, PodsBlocked: 1})
		w.hangzhou.has("demo/new:1", other)
		w.expect(3*time.Minute, "hangzhou", InstanceStatus{Present: 2, Share: 1})
		if events := w.told(); events != nil {
			t.Errorf("it is told: %v", events)
		}
	})
}

// TestAnInstanceThatIsSilent isn't asked for long, and what it said before stays.
func TestAnInstanceThatIsSilent(t *testing.T) {
	during(t, "", running("a", "b", "c", "d", "e"), func(w *world) {
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			w.hangzhou.has("demo/"+name+":1", digest)
			w.zhangjiakou.has("demo/"+name+":1", digest)
		}
		w.expect(10*time.Second, "hangzhou", InstanceStatus{Present: 5, Share: 1})
		w.hangzhou.fallSilent(true)
		begun := time.Now()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		s, _ := w.status()
		if i, _ := s.Find("hangzhou"); i.Present != 5 || i.Silent == "" || i.Oldest == nil || time.Since(*i.Oldest) < 23*time.Hour {
			t.Errorf("got %+v", i)
		}
		if age := time.Since(w.known()); age < 12*time.Hour {
			t.Errorf("all was known %s ago by the metric", age)
		}
		if n := w.hangzhou.count(begun); n > 20 {
			t.Errorf("it was asked %d times", n)
		}
		w.hangzhou.fallSilent(false)
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		s, _ = w.status()
		if i, _ := s.Find("hangzhou"); i.Present != 5 || i.Silent != "" {
			t.Errorf("got %+v", i)
		}
	})
}

// TestAnotherLeader goes on with what the one before has told: until it knows as much, and
// of an instance that is silent for as long as that is.
func TestAnotherLeader(t *testing.T) {
	before := Status{At: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Complete: true, Images: 1, Instances: []InstanceStatus{
		{Instance: "hangzhou", Present: 1, Share: 1}, {Instance: "zhangjiakou", Present: 1, Share: 1},
	}}
	told := func(w *world) { must(t, putStatus(w, before)) }
	t.Run("that has not looked yet", func(t *testing.T) {
		slow := func(w *world) {
			told(w)
			w.hangzhou.latency = 4 * time.Second
		}
		after(t, slow, "", running("web"), func(w *world) {
			w.expect(7*time.Second, "hangzhou", InstanceStatus{Present: 1, Share: 1})
			w.expect(time.Minute, "hangzhou", InstanceStatus{Missing: 1, PodsBlocked: 1})
		})
	})
	t.Run("whom an instance doesn't answer", func(t *testing.T) {
		silent := func(w *world) {
			told(w)
			w.hangzhou.fallSilent(true)
		}
		after(t, silent, "", running("web"), func(w *world) {
			w.expect(time.Minute, "zhangjiakou", InstanceStatus{Missing: 1, PodsBlocked: 1})
			time.Sleep(time.Hour)
			synctest.Wait()
			s, _ := w.status()
			if i, _ := s.Find("hangzhou"); i.Present != 1 || i.Share != 1 || i.Silent == "" || !i.Oldest.Equal(before.At) {
				t.Errorf("got %+v", i)
			}
		})
	})
}

func TestAConfigurationWithoutTheEndpointEndsItsQuestions(t *testing.T) {
	during(t, "", running("web"), func(w *world) {
		w.hangzhou.has("demo/web:1", digest)
		w.zhangjiakou.has("demo/web:1", digest)
		w.expect(10*time.Second, "hangzhou", InstanceStatus{Present: 1, Share: 1})
		c := w.config("")
		c.Endpoints[0].Instances[0].ID = "cri-another"
		must(t, w.keeper.Configure(c))
		w.expect(30*time.Second, "hangzhou", InstanceStatus{Present: 1, Share: 1})
		if n := w.hangzhou.count(time.Now().Add(-31 * time.Second)); n == 0 {
			t.Error("another instance is taken for the one before")
		}
	})
}

// TestAPasswordThatIsWrongIsSentOnce to an instance's token service in a quarter of an hour,
// lest an account is locked for it.
func TestAPasswordThatIsWrongIsSentOnce(t *testing.T) {
	var pods []*corev1.Pod
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		pods = append(pods, podOf("shop", name, nil, []string{"pull"}, shared+"/demo/"+name+":1"))
	}
	before := func(w *world) {
		_, err := w.cluster.CoreV1().Secrets("shop").Create(t.Context(), pullSecret("pull", map[string]string{shared: "puller"}), metav1.CreateOptions{})
		must(t, err)
		w.hangzhou.guarded, w.zhangjiakou.guarded, w.auth.strict = true, true, true
	}
	after(t, before, `pullSecrets: {mode: Check, namespaces: ["shop"]}`, pods, func(w *world) {
		w.expect(14*time.Minute, "hangzhou", InstanceStatus{Unreadable: 6, PodsBlocked: 6})
		if n := w.auth.count(time.Time{}); n != 2 {
			t.Errorf("it was sent to two instances %d times", n)
		}
	})
}

// TestCredentialsThatAreNotKnown are asked without seldom, as nothing changes by that, and at
// once when they come to be known.
func TestCredentialsThatAreNotKnown(t *testing.T) {
	pods := running("web", "pay")
	for _, p := range pods {
		p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "pull"}}
	}
	before := func(w *world) {
		_, err := w.cluster.CoreV1().Secrets("shop").Create(t.Context(), pullSecret("pull", map[string]string{shared: "puller"}), metav1.CreateOptions{})
		must(t, err)
		for _, i := range []*instance{w.hangzhou, w.zhangjiakou} {
			i.has("demo/web:1", digest)
			i.has("demo/pay:1", digest)
			i.guarded = true
		}
		w.auth.strict = true
	}
	after(t, before, "", pods, func(w *world) {
		w.expect(10*time.Second, "hangzhou", InstanceStatus{Unreadable: 2, Untried: 2})
		begun := time.Now()
		w.expect(24*time.Hour, "hangzhou", InstanceStatus{Unreadable: 2, Untried: 2})
		if n := w.auth.count(begun); n > 2*2*5 {
			t.Errorf("tokens were asked for %d times within a day", n)
		}
		w.auth.knows()
		must(t, w.keeper.Configure(w.config(`pullSecrets: {mode: Check, namespaces: ["shop"]}`)))
		w.expect(30*time.Second, "hangzhou", InstanceStatus{Present: 2, Share: 1})
	})
}
