package stuckpods

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/events"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/published"
)

const namespace = "registry-failover"

// fakeConfigMaps says what client-go's fake of a whole cluster says: that it can't begin a
// watch with a list.
type fakeConfigMaps struct {
	corev1client.ConfigMapInterface
}

func (fakeConfigMaps) IsWatchListSemanticsUnSupported() bool { return true }

// A cluster is one with a switch, whose leader looks after pods that wait.
type cluster struct {
	t        *testing.T
	api      *fake.Clientset
	recreate bool
	watcher  *Watcher
	events   *events.FakeRecorder
	registry *prometheus.Registry
	looks    atomic.Int32 // how often pods were listed
	end      func()
}

// play runs a test in a synctest bubble, with a leader that has seen privatezone and the
// first survey of the pods.
func play(t *testing.T, recreate bool, test func(c *cluster), pods ...*corev1.Pod) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, api: fake.NewClientset(), recreate: recreate}
		c.api.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			c.looks.Add(1)
			return false, nil, nil
		})
		for _, p := range pods {
			c.put(p)
		}
		c.throw("privatezone")
		c.lead()
		c.survey()
		test(c)
		c.end()
	})
}

func (c *cluster) lead() {
	cfg := parse(c.t)
	cfg.Failover.RecreateStuckPods = c.recreate
	core := c.api.CoreV1()
	c.events, c.registry = events.NewFakeRecorder(1000), prometheus.NewPedanticRegistry()
	c.watcher = New(Options{
		Pods: core, ConfigMaps: fakeConfigMaps{core.ConfigMaps(namespace)}, Leases: c.api.CoordinationV1().Leases(namespace), Namespace: namespace,
		Store: published.InConfigMaps(core.ConfigMaps(namespace)), Events: c.events, Metrics: c.registry, Log: silent,
	})
	must(c.t, c.watcher.Configure(cfg))
	ctx, cancel := context.WithCancel(c.t.Context())
	done := make(chan error, 1)
	go func() { done <- c.watcher.Start(ctx) }()
	c.end = func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Error(err)
		}
	}
	synctest.Wait()
}

// survey shows the watcher all pods, as stragglers.Counter does.
func (c *cluster) survey() {
	visit, end := c.watcher.Begin()
	list, err := c.api.CoreV1().Pods("").List(context.WithoutCancel(c.t.Context()), metav1.ListOptions{})
	must(c.t, err)
	c.looks.Add(-1)
	for i := range list.Items {
		visit(&list.Items[i])
	}
	end()
	synctest.Wait()
}

func (c *cluster) put(p *corev1.Pod) {
	c.t.Helper()
	_, err := c.api.CoreV1().Pods(p.Namespace).Create(c.t.Context(), p, metav1.CreateOptions{})
	must(c.t, err)
}

// throw writes the switch. The nodes go on as before until they say otherwise.
func (c *cluster) throw(value string) {
	c.t.Helper()
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "registry-failover"}, Data: map[string]string{endpoint: value}}
	maps := c.api.CoreV1().ConfigMaps(namespace)
	_, err := maps.Update(c.t.Context(), m, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		_, err = maps.Create(c.t.Context(), m, metav1.CreateOptions{})
	}
	must(c.t, err)
	synctest.Wait()
}

// move lets a node report that its hosts file leads by a value of the switch since now.
func (c *cluster) move(node, value string) {
	c.t.Helper()
	r := report(value, thrown(c.t, value, time.Now()).Target(endpoint, node).String(), time.Now())
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: node, Labels: nodereport.Labels(), Annotations: r.Annotations()}}
	leases := c.api.CoordinationV1().Leases(namespace)
	_, err := leases.Update(c.t.Context(), lease, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		_, err = leases.Create(c.t.Context(), lease, metav1.CreateOptions{})
	}
	must(c.t, err)
}

// pods are the names of those that are there.
func (c *cluster) pods() []string {
	list, err := c.api.CoreV1().Pods("").List(context.WithoutCancel(c.t.Context()), metav1.ListOptions{})
	must(c.t, err)
	c.looks.Add(-1)
	names := []string{}
	for _, p := range list.Items {
		names = append(names, p.Name)
	}
	return names
}

// status is what is published.
func (c *cluster) status() Status {
	c.t.Helper()
	m, err := c.api.CoreV1().ConfigMaps(namespace).Get(context.WithoutCancel(c.t.Context()), "registry-failover-status", metav1.GetOptions{})
	must(c.t, err)
	var stands struct{ Stuck Status }
	must(c.t, json.Unmarshal([]byte(m.Data[endpoint]), &stands))
	return stands.Stuck
}

// pass lets time go by.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
