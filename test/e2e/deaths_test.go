package e2e

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/standin"
)

// A death is a way in which one part ends, and comes back.
type death struct {
	part string
	// ours says that a process of the product ends.
	ours bool
	// unanswered says that lookups may fail meanwhile.
	unanswered bool
	// bypassed says that CoreDNS may answer as VPC DNS does meanwhile.
	bypassed bool
	// lag is how long the answer from before a switch may be seen after it.
	lag time.Duration
	// kill returns when the part is dead. What it returns brings it back, where
	// kubelet doesn't.
	kill func(*testing.T) (revive func(context.Context) error)
}

// prompt is how long a switch may take where nothing stands in its way.
const prompt = time.Second

// deaths are those that a cluster gets over by itself, or by a restart of what died.
var deaths = []death{
	{part: "the API server", lag: 20 * time.Second, kill: func(*testing.T) func(context.Context) error {
		node.APIServer.Kill()
		return node.RestartAPIServer
	}},
	{part: "the API server, frozen", lag: 20 * time.Second, kill: func(t *testing.T) func(context.Context) error {
		must(t, node.APIServer.Freeze())
		return func(context.Context) error { return node.APIServer.Thaw() }
	}},
	{part: "etcd", lag: 20 * time.Second, kill: func(*testing.T) func(context.Context) error {
		node.Etcd.Kill()
		return func(context.Context) error { return node.Etcd.Start() }
	}},
	{part: "VPC DNS", lag: prompt, kill: func(t *testing.T) func(context.Context) error {
		must(t, node.PrivateZone.Close())
		return node.PrivateZone.Reopen
	}},
	{part: "kube-proxy", lag: prompt, kill: func(*testing.T) func(context.Context) error {
		node.Nodes[0].Proxy.Kill()
		return func(context.Context) error { return node.Nodes[0].Proxy.Start() }
	}},
	{part: "kubelet", lag: prompt, kill: func(*testing.T) func(context.Context) error {
		node.Nodes[0].Kubelet.Kill()
		return node.Nodes[0].RestartKubelet
	}},
	{part: "containerd", lag: prompt, kill: func(*testing.T) func(context.Context) error {
		node.Nodes[0].Containerd.Kill()
		return node.Nodes[0].StartContainerd
	}},
	{part: "CoreDNS", unanswered: true, lag: prompt, kill: killEach(dnsPods)},
	{part: "the resolver on the node", ours: true, lag: 15 * time.Second, kill: killEach(ofComponent("resolver"))},
	{part: "one resolver-dns", ours: true, unanswered: true, bypassed: true, lag: 15 * time.Second, kill: killOneResolverDNS},
	{part: "each resolver-dns", ours: true, unanswered: true, bypassed: true, lag: 15 * time.Second, kill: killEach(ofComponent("resolver-dns"))},
	{part: "each controller", ours: true, lag: prompt, kill: killEach(ofComponent("controller"))},
	{part: "each webhook", ours: true, lag: prompt, kill: killEach(ofComponent("webhook"))},
}

func ofComponent(component string) func(context.Context) ([]corev1.Pod, error) {
	return func(ctx context.Context) ([]corev1.Pod, error) { return listPods(ctx, component) }
}

// killOneResolverDNS leaves another one, which answers until the first is brought back.
func killOneResolverDNS(t *testing.T) func(context.Context) error {
	t.Helper()
	pods := podsOf(t, "resolver-dns")
	if len(pods) < 2 {
		t.Fatalf("there is no second resolver-dns: %d", len(pods))
	}
	killEach(func(context.Context) ([]corev1.Pod, error) { return pods[:1], nil })(t)
	return func(ctx context.Context) error {
		_, err := standin.Lookup(ctx, net.JoinHostPort(pods[1].Status.PodIP, dnsPort), cluster.Endpoint)
		for again := 0; err != nil && again < 2; again++ { // a packet may be lost
			_, err = standin.Lookup(ctx, net.JoinHostPort(pods[1].Status.PodIP, dnsPort), cluster.Endpoint)
		}
		return err
	}
}

// dnsPods are CoreDNS's.
func dnsPods(ctx context.Context) ([]corev1.Pod, error) {
	list, err := node.Client.CoreV1().Pods("kube-system").List(ctx, metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// killEach ends the process of each pod; kubelet starts another.
func killEach(list func(context.Context) ([]corev1.Pod, error)) func(*testing.T) func(context.Context) error {
	return func(t *testing.T) func(context.Context) error {
		t.Helper()
		pods, err := list(t.Context())
		must(t, err)
		for _, pod := range pods {
			alive := pids(t, pod)
			if len(alive) == 0 {
				t.Fatalf("%s has no process that could be killed", pod.Name)
			}
			for _, pid := range alive {
				must(t, kill(pid))
			}
		}
		return func(context.Context) error { return nil }
	}
}

// awaitAllReady waits until every pod of the product and of CoreDNS is ready, and pods are rewritten.
func awaitAllReady(t *testing.T) {
	t.Helper()
	await(t, "everything is ready", 2*time.Minute, func(ctx context.Context) error {
		for _, where := range []struct{ namespace, selector string }{
			{namespace, "app.kubernetes.io/part-of=registry-failover"}, {"kube-system", "k8s-app=kube-dns"},
		} {
			list, err := node.Client.CoreV1().Pods(where.namespace).List(ctx, metav1.ListOptions{LabelSelector: where.selector})
			if err != nil {
				return err
			}
			for _, pod := range list.Items {
				if err := errors.Join(running(&pod), ready(&pod)); err != nil {
					return err
				}
			}
		}
		image, err := wouldBe(ctx, metav1.ObjectMeta{Namespace: shop})
		if err == nil && image != sharedImage {
			err = errors.New("pods aren't rewritten")
		}
		return err
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
