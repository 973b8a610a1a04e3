package stragglers_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/internal/stragglers"
)

// newCounter is one of a cluster, and its registry.
func newCounter(t *testing.T, cluster *fake.Clientset) (*stragglers.Counter, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	c := stragglers.New(stragglers.Options{Client: cluster.CoreV1(), Namespace: "registry-failover", Metrics: registry, Log: silent})
	must(t, c.Configure(parse(t)))
	return c, registry
}

// during runs what the test does while the counter leads.
func during(t *testing.T, c *stragglers.Counter, test func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if err := c.Start(ctx); err != nil {
			t.Error(err)
		}
	}()
	synctest.Wait()
	test()
	cancel()
	synctest.Wait()
}

func TestMetricsOfACluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fake.NewClientset(
			pod("shop", "a", []string{source + "/demo/web:1", source + "/demo/other:1"}),
			pod("shop", "b", []string{source + "/demo/web:1", source + "/demo/kept"}),
			pod("shop", "c", []string{source + "/demo/web:1"}, labelled(podimages.OptOutLabel, "false")),
			pod("kube-system", "d", []string{source + "/demo/web:1"}),
			pod("shop", "e", []string{shared + "/demo/web:1"}),
			pod("trial", "f", []string{source + "/demo/web:2"}),
			namespace("trial", map[string]string{"registry-failover.io/enforcement": "Audit"}),
			node("n", []string{source + "/demo/web:1"}, []string{source + "/demo/web:2"}),
		)
		c, registry := newCounter(t, cluster)
		during(t, c, func() {
			must(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP registry_failover_source_host_node_images Images of pods that a node holds under the old name only, and pulls again under the new one although the pull policy is IfNotPresent: the sum over nodes.
# TYPE registry_failover_source_host_node_images gauge
registry_failover_source_host_node_images{endpoint="cross-region.registry.io"} 1
# HELP registry_failover_source_host_pods Unfinished pods that name a source host, by shared endpoint and reason; a pod with several reasons counts under each.
# TYPE registry_failover_source_host_pods gauge
registry_failover_source_host_pods{endpoint="cross-region.registry.io",reason="Audited"} 1
registry_failover_source_host_pods{endpoint="cross-region.registry.io",reason="MirrorPod"} 0
registry_failover_source_host_pods{endpoint="cross-region.registry.io",reason="NamespaceOptedOut"} 1
registry_failover_source_host_pods{endpoint="cross-region.registry.io",reason="NeverPulled"} 0
registry_failover_source_host_pods{endpoint="cross-region.registry.io",reason="NotRewritten"} 2
registry_failover_source_host_pods{endpoint="cross-region.registry.io",reason="OptedOut"} 1
registry_failover_source_host_pods{endpoint="cross-region.registry.io",reason="RepositoryExcluded"} 1
# HELP registry_failover_source_host_survey_timestamp_seconds When the pods that name a source host were counted last; 0 on a replica that has not.
# TYPE registry_failover_source_host_survey_timestamp_seconds gauge
registry_failover_source_host_survey_timestamp_seconds 9.466848e+08
`)))
		})
	})
}

func TestAReplicaThatDoesNotLeadCountsNothing(t *testing.T) {
	c, registry := newCounter(t, fake.NewClientset())
	if !c.NeedLeaderElection() {
		t.Error("every replica would list every pod")
	}
	must(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP registry_failover_source_host_survey_timestamp_seconds When the pods that name a source host were counted last; 0 on a replica that has not.
# TYPE registry_failover_source_host_survey_timestamp_seconds gauge
registry_failover_source_host_survey_timestamp_seconds 0
`)))
}

// surveys counts how often pods were listed.
func surveys(cluster *fake.Clientset, fails func() bool) *atomic.Int32 {
	var n atomic.Int32
	cluster.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		n.Add(1)
		if fails() {
			return true, nil, errors.New("forbidden")
		}
		return false, nil, nil
	})
	return &n
}

func TestTheClusterIsSurveyedEveryFiveMinutesAndWhenTheConfigurationChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fake.NewClientset()
		listed := surveys(cluster, func() bool { return false })
		c, _ := newCounter(t, cluster)
		during(t, c, func() {
			time.Sleep(time.Hour)
			synctest.Wait()
			before := listed.Load()
			if before < 11 || before > 14 { // 1 + 60/5.5 to 1 + 60/4.5
				t.Errorf("%d surveys within an hour", before)
			}
			must(t, c.Configure(parse(t)))
			synctest.Wait()
			if listed.Load() != before+1 {
				t.Error("a new configuration counts after the interval only")
			}
		})
	})
}

func TestAFailureKeepsTheLastCountAndIsTriedAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fake.NewClientset(pod("shop", "a", []string{source + "/x"}))
		var failing atomic.Bool
		listed := surveys(cluster, failing.Load)
		c, registry := newCounter(t, cluster)
		count := func(want int) {
			t.Helper()
			n, err := testutil.GatherAndCount(registry, "registry_failover_source_host_pods")
			must(t, err)
			if n != want {
				t.Errorf("%d series, not %d", n, want)
			}
		}
		during(t, c, func() {
			count(len(stragglers.Reasons))
			failing.Store(true)
			time.Sleep(330 * time.Second)
			synctest.Wait()
			count(len(stragglers.Reasons))
			failed := listed.Load()
			time.Sleep(33 * time.Second)
			synctest.Wait()
			if listed.Load() == failed {
				t.Error("a survey that failed is not tried again within 33 s")
			}
		})
	})
}
