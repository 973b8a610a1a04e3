package cluster

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// AddNode starts a further node and returns before it is Ready: just after
// kubelet was started, which gets these arguments too. What runs on the node, and
// what it mounts, is in namespaces of its own, until RemoveNode.
func (c *Cluster) AddNode(ctx context.Context, kubeletArgs ...string) (*Node, error) {
	n := c.nextNode()
	if err := c.startNode(ctx, n, kubeletArgs...); err != nil {
		return nil, err
	}
	c.Nodes = append(c.Nodes, n)
	return n, nil
}

// AddNodes starts so many further nodes beside each other, and returns when all are Ready.
func (c *Cluster) AddNodes(ctx context.Context, count int) error {
	if err := c.startNodes(ctx, count); err != nil {
		return err
	}
	return c.awaitNodes(ctx)
}

// startNodes returns before they are Ready.
func (c *Cluster) startNodes(ctx context.Context, count int) error {
	here := len(c.Nodes)
	for range count {
		c.Nodes = append(c.Nodes, c.nextNode())
	}
	together, ctx := errgroup.WithContext(ctx)
	for _, n := range c.Nodes[here:] {
		together.Go(func() error { return c.startNode(ctx, n) })
	}
	return together.Wait()
}

func (c *Cluster) awaitNodes(ctx context.Context) error {
	for _, n := range c.Nodes {
		if err := c.AwaitReady(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// nextNode has the lowest number that no node has.
func (c *Cluster) nextNode() *Node {
	number := 1
	for slices.ContainsFunc(c.Nodes, func(n *Node) bool { return n.number == number }) {
		number++
	}
	return newNode(number)
}

func (c *Cluster) startNode(ctx context.Context, n *Node, kubeletArgs ...string) error {
	var err error
	if n.apart, err = makeNamespaces(); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *Node) error{
		c.writeEtc, c.mountApart, c.connectNode, c.startContainerd, c.importImages,
		func(_ context.Context, n *Node) error { return c.startKubelet(n, kubeletArgs...) },
	} {
		if err := step(ctx, n); err != nil {
			n.apart.end()
			return err
		}
	}
	return nil
}

// mountApart gives the node its own /etc and /proc, and own directories where
// kubelet, containerd and CNI write, where no option of theirs says another place.
func (c *Cluster) mountApart(ctx context.Context, n *Node) error {
	commands := [][]string{
		{"hostname", n.Name},
		{"mount", "-t", "proc", "proc", "/proc"},
		{"mount", "--bind", n.Etc(), "/etc"},
	}
	for _, dir := range []string{"/var/lib/cni", "/var/lib/kubelet", "/var/log/containers", "/run/containerd", "/run/netns"} {
		commands = append(commands, []string{"mkdir", "-p", dir}, []string{"mount", "-t", "tmpfs", "tmpfs", dir})
	}
	return n.run(ctx, commands)
}

// connectNode lays a cable to the first node, which everything goes through: it
// has the addresses of everything that isn't in the cluster.
func (c *Cluster) connectNode(ctx context.Context, n *Node) error {
	if err := ip(ctx, [][]string{
		{"link", "add", n.Name, "type", "veth", "peer", "name", "eth0", "netns", n.apart.pid()},
		{"link", "set", n.Name, "up"},
		{"route", "add", n.podRange(), "via", n.IP, "dev", n.Name, "onlink", "src", node1},
	}); err != nil {
		return err
	}
	return n.run(ctx, [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "link", "add", "cbr0", "type", "bridge"},
		{"ip", "address", "add", n.IP + "/24", "dev", "cbr0"},
		{"ip", "link", "set", "cbr0", "up"},
		{"ip", "link", "set", "eth0", "up"},
		{"ip", "route", "add", "default", "via", node1, "dev", "eth0", "onlink", "src", n.IP},
		{"sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables || :"},
	})
}

// RemoveNode ends the node as if its machine were switched off for ever, and
// returns when the API server has neither it, nor what belongs to it, nor a pod on it.
func (c *Cluster) RemoveNode(ctx context.Context, n *Node) error {
	c.Nodes = slices.DeleteFunc(c.Nodes, func(other *Node) bool { return other == n })
	n.apart.end()
	// What belongs to the Node would be collected at any time, and be found missing by who looks.
	for _, err := range []error{
		c.Client.CoreV1().Nodes().Delete(ctx, n.Name, metav1.DeleteOptions{}),
		c.Client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Delete(ctx, n.Name, metav1.DeleteOptions{}),
		c.Client.StorageV1().CSINodes().Delete(ctx, n.Name, metav1.DeleteOptions{}),
	} {
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	if err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		return c.forgetPods(ctx, n)
	}); err != nil {
		return fmt.Errorf("the pods of %s: %w", n.Name, err)
	}
	// The kernel takes its time to remove a network with its devices.
	if err := ip(ctx, [][]string{{"link", "delete", n.Name}}); err != nil {
		if _, gone := os.Stat("/sys/class/net/" + n.Name); gone == nil {
			return err
		}
	}
	return os.RemoveAll(n.path())
}

// forgetPods deletes the pods of a node that can't end them any more, and says whether there were none.
func (c *Cluster) forgetPods(ctx context.Context, n *Node) (none bool, err error) {
	pods, err := c.Client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + n.Name})
	if err != nil {
		return false, err
	}
	for _, pod := range pods.Items {
		err := c.Client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
		if err != nil && !apierrors.IsNotFound(err) {
			return false, err
		}
	}
	return len(pods.Items) == 0, nil
}
