package healthquorum

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const namespace = "registry-failover"

// fakeLeases says what client-go's fake of a whole cluster says: that it can't begin a
// watch with a list.
type fakeLeases struct {
	coordinationv1client.LeaseInterface
}

func (fakeLeases) IsWatchListSemanticsUnSupported() bool { return true }

// A cluster is one with probers, whose leader collects.
type cluster struct {
	t         *testing.T
	collector *Collector
	api       *fake.Clientset
	events    *events.FakeRecorder
	wanted    atomic.Int64
	fast      time.Duration // how far the clocks of probers go fast
	registry  *prometheus.Registry
	end       func()
}

// play runs a test with a collector of three probers, in a synctest bubble.
func play(t *testing.T, status string, test func(c *cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, api: fake.NewClientset()}
		c.wanted.Store(3)
		if status != "" {
			_, err := c.api.CoreV1().ConfigMaps(namespace).Create(t.Context(), &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "registry-failover-status"},
				Data:       map[string]string{hangzhou.Endpoint: status},
			}, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
		}
		c.lead()
		test(c)
		c.end()
	})
}

func (c *cluster) lead() {
	text, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		c.t.Fatal(err)
	}
	cfg, err := config.Parse(text)
	if err != nil {
		c.t.Fatal(err)
	}
	c.events, c.registry = events.NewFakeRecorder(100), prometheus.NewRegistry()
	collector := New(Options{
		Leases: fakeLeases{c.api.CoordinationV1().Leases(namespace)}, Namespace: namespace,
		Store: published.InConfigMaps(c.api.CoreV1().ConfigMaps(namespace)), Wanted: func() int { return int(c.wanted.Load()) },
		Events: c.events, Metrics: c.registry, Log: slog.New(slog.DiscardHandler),
	})
	collector.Configure(cfg)
	c.collector = collector
	ctx, cancel := context.WithCancel(c.t.Context())
	done := make(chan error, 1)
	go func() { done <- collector.Start(ctx) }()
	c.end = func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Error(err)
		}
	}
}

// say lets a prober report of hangzhou, over both networks, and of the other that it is healthy.
func (c *cluster) say(prober string, level healthreport.Level) {
	c.t.Helper()
	var r healthreport.Report
	for _, key := range []healthreport.Key{hangzhou, {Endpoint: hangzhou.Endpoint, Instance: "hangzhou", Network: "public"}} {
		r.Instances = append(r.Instances, healthreport.Instance{Key: key, Level: level, Reason: "says " + string(level), LatencyMillis: 12})
	}
	for _, key := range []healthreport.Key{{Endpoint: hangzhou.Endpoint, Instance: "zhangjiakou", Network: "internal"}, {Endpoint: hangzhou.Endpoint, Instance: "zhangjiakou", Network: "public"}} {
		r.Instances = append(r.Instances, healthreport.Instance{Key: key, Level: healthreport.Healthy, Reason: "answers as itself"})
	}
	renewed := metav1.NewMicroTime(time.Now().Add(c.fast))
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: prober, Labels: healthreport.Labels(), Annotations: r.Annotations()},
		Spec:       coordinationv1.LeaseSpec{RenewTime: &renewed},
	}
	leases := c.api.CoordinationV1().Leases(namespace)
	if _, err := leases.Update(c.t.Context(), lease, metav1.UpdateOptions{}); err != nil {
		if _, err := leases.Create(c.t.Context(), lease, metav1.CreateOptions{}); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *cluster) allSay(level healthreport.Level) {
	for _, prober := range []string{"a", "b", "c"} {
		c.say(prober, level)
	}
}

// status is what is published; its raw text too.
func (c *cluster) status() (Status, string) {
	c.t.Helper()
	m, err := c.api.CoreV1().ConfigMaps(namespace).Get(c.t.Context(), "registry-failover-status", metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	var stands struct{ Health Status }
	if err := json.Unmarshal([]byte(m.Data[hangzhou.Endpoint]), &stands); err != nil {
		c.t.Fatal(err)
	}
	return stands.Health, m.Data[hangzhou.Endpoint]
}

func (c *cluster) told() []string {
	var all []string
	for {
		select {
		case e := <-c.events.Events:
			all = append(all, e)
		default:
			return all
		}
	}
}

func TestAMajorityIsPublishedAndTold(t *testing.T) {
	play(t, `{"version":1,"privateZone":{"target":"hangzhou"}}`, func(c *cluster) {
		c.allSay(healthreport.Healthy)
		time.Sleep(10 * time.Second)
		s, text := c.status()
		if s.Wanted != 3 || s.Fresh != 3 || s.Instances[0].Level != healthreport.Healthy || s.Instances[0].Agree != 3 || len(s.Instances) != 4 {
			t.Errorf("%+v", s)
		}
		if !strings.Contains(text, `"privateZone":{"target":"hangzhou"}`) {
			t.Errorf("what others tell is lost: %s", text)
		}
		c.told() // the end of the blindness of the first moment
		since := s.Instances[0].Since

		c.say("a", healthreport.Unreachable)
		time.Sleep(3 * time.Second)
		if s, _ = c.status(); s.Instances[0].Level != healthreport.Healthy || s.Instances[0].Agree != 2 || !s.Instances[0].Since.Equal(since) {
			t.Errorf("one of three: %+v", s)
		}
		c.say("b", healthreport.Unreachable)
		time.Sleep(3 * time.Second)
		if s, _ = c.status(); s.Instances[0].Level != healthreport.Unreachable || s.Instances[0].Reason != "says unreachable" || !s.Instances[0].Since.After(since) {
			t.Errorf("two of three: %+v", s)
		}
		want := []string{
			"Warning InstanceUnreachable cross-region.registry.io: hangzhou/internal is unreachable, and was healthy: says unreachable",
			"Warning InstanceUnreachable cross-region.registry.io: hangzhou/public is unreachable, and was healthy: says unreachable",
		}
		if diff := cmp.Diff(want, c.told()); diff != "" {
			t.Error(diff)
		}
		const metrics = `
# HELP registry_failover_instance_healthy 1 when more than half of the probers find the instance healthy, 0 when they find it bad; absent while they don't know or don't agree, and on a replica that doesn't lead.
# TYPE registry_failover_instance_healthy gauge
registry_failover_instance_healthy{endpoint="cross-region.registry.io",instance="hangzhou",network="internal"} 0
registry_failover_instance_healthy{endpoint="cross-region.registry.io",instance="hangzhou",network="public"} 0
registry_failover_instance_healthy{endpoint="cross-region.registry.io",instance="zhangjiakou",network="internal"} 1
registry_failover_instance_healthy{endpoint="cross-region.registry.io",instance="zhangjiakou",network="public"} 1
`
		if err := testutil.GatherAndCompare(c.registry, strings.NewReader(metrics), "registry_failover_instance_healthy"); err != nil {
			t.Error(err)
		}
	})
}

// TestASecondChangeIsPublishedAsSoonAsItMay: a status is written every 2 s at most, and
// what came in between must not wait for the next report.
func TestASecondChangeIsPublishedAsSoonAsItMay(t *testing.T) {
	play(t, "", func(c *cluster) {
		c.allSay(healthreport.Healthy)
		time.Sleep(12 * time.Second)
		c.allSay(healthreport.Unreachable)
		time.Sleep(500 * time.Millisecond)
		c.allSay(healthreport.Failing)
		time.Sleep(500 * time.Millisecond)
		if s, _ := c.status(); s.Instances[0].Level != healthreport.Unreachable {
			t.Errorf("the first change: %+v", s)
		}
		time.Sleep(1500 * time.Millisecond)
		if s, _ := c.status(); s.Instances[0].Level != healthreport.Failing {
			t.Errorf("the second change, 2.5 s after the first: %+v", s)
		}
	})
}

// TestEventsOfDifferentThingsAreDifferent: the API's client counts those as one that have
// the same reason, action and object, and keeps the first note.
func TestEventsOfDifferentThingsAreDifferent(t *testing.T) {
	recorder := &remembers{}
	c := &Collector{Options: Options{Namespace: namespace, Events: recorder, Log: slog.New(slog.DiscardHandler)}}
	for _, endpoint := range []string{"a.registry.io", "b.registry.io"} {
		for _, instance := range []string{"hangzhou", "zhangjiakou"} {
			for _, network := range []string{"internal", "public"} {
				for _, level := range Levels() {
					c.tell(t.Context(), endpoint, "before", Instance{Instance: instance, Network: network, Finding: Finding{Level: level}})
				}
			}
		}
	}
	if want := 8 * len(Levels()); len(recorder.keys) != want {
		t.Errorf("%d are different of %d", len(recorder.keys), want)
	}
}

// remembers what makes an Event another.
type remembers struct{ keys map[string]bool }

func (r *remembers) Eventf(regarding, _ runtime.Object, kind, reason, action, _ string, _ ...any) {
	if r.keys == nil {
		r.keys = map[string]bool{}
	}
	r.keys[fmt.Sprint(regarding, kind, reason, action)] = true
}

func TestProbersThatAreSilentMakeItBlind(t *testing.T) {
	play(t, "", func(c *cluster) {
		c.allSay(healthreport.Healthy)
		time.Sleep(80 * time.Second)
		c.say("a", healthreport.Healthy)
		c.told()
		time.Sleep(20 * time.Second)
		s, _ := c.status()
		if s.Fresh != 1 || s.Instances[0].Level != Blind {
			t.Errorf("%+v", s)
		}
		if told := c.told(); len(told) != 4 || !strings.HasPrefix(told[0], "Warning InstanceBlind cross-region.registry.io: hangzhou/internal is blind, and was healthy") {
			t.Errorf("%q", told)
		}
		if n, err := testutil.GatherAndCount(c.registry, "registry_failover_instance_healthy"); err != nil || n != 0 {
			t.Errorf("%d instances have a health, %v", n, err)
		}
	})
}

func TestALeaseThatIsNoReportHasNoVoice(t *testing.T) {
	play(t, "", func(c *cluster) {
		c.allSay(healthreport.Healthy)
		now := metav1.NewMicroTime(time.Now())
		for name, edit := range map[string]func(*coordinationv1.Lease){
			"garbage": func(l *coordinationv1.Lease) { l.Annotations = map[string]string{healthreport.HealthAnnotation: "x"} },
			"empty":   func(l *coordinationv1.Lease) { l.Spec.RenewTime = nil },
		} {
			lease := &coordinationv1.Lease{
				ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: healthreport.Labels(), Annotations: healthreport.Report{}.Annotations()},
				Spec:       coordinationv1.LeaseSpec{RenewTime: &now},
			}
			edit(lease)
			if _, err := c.api.CoordinationV1().Leases(namespace).Create(t.Context(), lease, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Second)
		if s, _ := c.status(); s.Fresh != 3 {
			t.Errorf("%d have a voice", s.Fresh)
		}
	})
}

func TestTheNextLeaderGoesOn(t *testing.T) {
	play(t, "", func(c *cluster) {
		c.allSay(healthreport.Healthy)
		time.Sleep(10 * time.Second)
		before, _ := c.status()
		c.end()
		c.lead()
		time.Sleep(20 * time.Second)
		after, _ := c.status()
		if !after.Instances[0].Since.Equal(before.Instances[0].Since) || after.Instances[0].Level != healthreport.Healthy {
			t.Errorf("before %+v\nafter %+v", before.Instances[0], after.Instances[0])
		}
		if told := c.told(); len(told) > 0 {
			t.Errorf("nothing has changed, and this is told: %q", told)
		}
	})
}

// TestALeaderWithAnotherClockGoesByWhatWasFound until it has seen each prober's report renewed.
func TestALeaderWithAnotherClockGoesByWhatWasFound(t *testing.T) {
	play(t, "", func(c *cluster) {
		c.allSay(healthreport.Healthy)
		time.Sleep(10 * time.Second)
		c.end()
		c.fast = -time.Hour // seen by the new leader
		c.allSay(healthreport.Healthy)
		before, _ := c.status()
		c.lead()
		time.Sleep(29 * time.Second)
		if during, _ := c.status(); !cmp.Equal(before, during) {
			t.Errorf("before %+v\nafter %+v", before, during)
		}
		c.allSay(healthreport.Healthy) // each within half a minute
		time.Sleep(30 * time.Second)
		after, _ := c.status()
		if after.Fresh != 3 || after.Instances[0].Level != healthreport.Healthy || !after.Instances[0].Since.Equal(before.Instances[0].Since) {
			t.Errorf("%+v", after)
		}
		if told := c.told(); len(told) > 0 {
			t.Errorf("nothing has changed, and this is told: %q", told)
		}
	})
}

func TestALeaderThatSeesNoRenewalIsBlindInTheEnd(t *testing.T) {
	play(t, "", func(c *cluster) {
		c.allSay(healthreport.Healthy)
		time.Sleep(10 * time.Second)
		c.end()
		c.fast = -time.Hour
		c.allSay(healthreport.Healthy)
		c.lead()
		time.Sleep(begins + lookEvery + time.Second)
		if s, _ := c.status(); s.Instances[0].Level != Blind {
			t.Errorf("%+v", s)
		}
	})
}

// TestWhileNodesArentCountedNobodyIsAMajority: one prober alone would be.
func TestWhileNodesArentCountedNobodyIsAMajority(t *testing.T) {
	play(t, "", func(c *cluster) {
		c.wanted.Store(-1)
		c.say("a", healthreport.Unreachable)
		time.Sleep(10 * time.Second)
		if s, _ := c.status(); s.Instances[0].Level != Blind || s.Wanted != 0 || s.Fresh != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// TestWhatIsRememberedOfALeaseGoesWithIt, so that it doesn't grow for ever.
func TestWhatIsRememberedOfALeaseGoesWithIt(t *testing.T) {
	stands, said := cache.NewStore(cache.MetaNamespaceKeyFunc), map[string]string{}
	now := metav1.NewMicroTime(time.Now())
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "garbage", Annotations: map[string]string{healthreport.HealthAnnotation: "x"}},
		Spec:       coordinationv1.LeaseSpec{RenewTime: &now},
	}
	look := func() { leases{store: stands}.sightings(slog.New(slog.DiscardHandler), said) }
	if err := stands.Add(lease); err != nil {
		t.Fatal(err)
	}
	look()
	if len(said) != 1 {
		t.Fatalf("%v", said)
	}
	if err := stands.Delete(lease); err != nil {
		t.Fatal(err)
	}
	look()
	if len(said) > 0 {
		t.Errorf("%v", said)
	}
}

func TestWhatDoesNotChangeIsWrittenEveryTwoMinutes(t *testing.T) {
	play(t, "", func(c *cluster) {
		writes := func() (n int) {
			for _, a := range c.api.Actions() {
				if a.Matches("patch", "configmaps") || a.Matches("create", "configmaps") {
					n++
				}
			}
			return n
		}
		c.allSay(healthreport.Healthy)
		time.Sleep(time.Minute)
		c.allSay(healthreport.Healthy)
		before := writes()
		for range 60 {
			time.Sleep(20 * time.Second)
			c.allSay(healthreport.Healthy)
		}
		if n := writes() - before; n < 9 || n > 10 {
			t.Errorf("%d writes in 20 minutes", n)
		}
	})
}
